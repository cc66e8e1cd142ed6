//! The pace of the rounds: which round comes next, who has a turn in it, and when the rounds end.
//!
//! Where the number of rounds was asked for, everything has a turn in each of them. Else it depends on the runs, and on the
//! time that there is for them and for what warms up:
//!
//! 1. The first [`FEWEST_ROUNDS`] are made whatever they take: fewer say nothing about the noise.
//! 2. Up to [`FIRST_LOOK`], rounds are made as long as there is time.
//! 3. From then on each round is looked at, and a mode runs until all that the [goal](crate::measure::running::goal) asks of
//!    it is settled: of `compare` the verdicts on all of its pairs. The [intervals](crate::measure::paired) allow for the looks.
//! 4. The rounds end when no mode is left, or the time is spent; and from [`FIRST_DOUBT`] on where three times the rounds that
//!    there is time for would settle nothing of what is open. A reader who waits longer learns nothing more.
//!
//! What the goal is on decides: of `compare` the modes. Other programs, steps of a ladder, points of a sweep and other sizes are
//! *guests* then: after the first
//! [`FEWEST_ROUNDS`] they share half of the time, the quickest first, and sit out the rounds that would take more. So the
//! modes always have the other half, and a slow program does not keep them from being settled. What guests take in the first
//! rounds is not counted against their share.

use std::time::Duration;

use crate::measure::comparison::Comparison;
use crate::measure::paired::{FEWEST_ROUNDS, FIRST_LOOK};
use crate::measure::plan::turn::Turn;
use crate::measure::running::goal::{Goal, Query};

/// Most rounds, also where runs are so short that there is time for more: the error that looks may make is shared out
/// among so many.
pub const MOST_ROUNDS: u32 = 100;

/// Rounds of one go before the first doubt whether more of them would settle anything: fewer tell little of the noise, and of the
/// difference, which a few disturbed rounds move.
pub const FIRST_DOUBT: usize = 20;

/// The rounds of one go.
pub struct Pace<'a> {
    /// What they are made for.
    goal: &'a dyn Goal,
    /// `None` where the number of rounds was asked for.
    budget: Option<Duration>,
    /// Rounds of earlier goes.
    before: u32,
    /// The next round to be looked at, from 0.
    next: u32,
    /// Time that what the goal is on has taken, warm-ups included.
    hosts: Duration,
    /// Time that guests have taken.
    guests: Duration,
    /// Time that they have taken of their share.
    shared: Duration,
    /// Time that it took in the last round.
    last_round: Duration,
}

/// The rounds so far, and what is known of those to come.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// Rounds that have been made.
    pub rounds: u32,
    /// Rounds at most.
    pub most_rounds: u32,
    /// Time for rounds that is left; `None` where their number was asked for.
    pub time_left: Option<Duration>,
    /// What is to be known: of `compare`, a verdict on each pair of modes.
    pub queries: usize,
    /// Those that are settled.
    pub settled: usize,
    /// About so many more rounds would settle all of them; `None` before enough rounds to tell, and where no reasonable number
    /// would.
    pub rounds_to_settle: Option<usize>,
}

impl<'a> Pace<'a> {
    /// The pace of a comparison; the time begins anew where one is continued.
    pub fn of(comparison: &Comparison, goal: &'a dyn Goal) -> Self {
        let budget = comparison.settings.budget_seconds.map(Duration::from_secs_f64);
        let none = Duration::ZERO;
        Pace {
            goal,
            budget,
            before: comparison.settings.rounds,
            next: 0,
            hosts: none,
            guests: none,
            shared: none,
            last_round: none,
        }
    }

    /// The same where warm-ups have taken so much of the time.
    pub fn after(self, warm_ups: Duration) -> Self {
        Pace { hosts: self.hosts + warm_ups, ..self }
    }

    /// The next round, from 0, and the turns that are still to be had in it, in order; `None` where the rounds end.
    pub fn next_round(&mut self, comparison: &Comparison) -> Option<(u32, Vec<Turn>)> {
        let begun = comparison.settings.rounds;
        while self.next < begun || self.goes_on(comparison) {
            let round = self.next;
            self.next += 1;
            let turns = self.turns(comparison, round);
            if !turns.is_empty() {
                self.last_round = Duration::ZERO;
                return Some((round, turns));
            }
            if round >= begun {
                return None;
            }
        }
        None
    }

    /// Takes note of the time that a turn took.
    pub fn spend(&mut self, comparison: &Comparison, turn: &Turn, time: Duration) {
        if self.is_guest(comparison, turn) {
            self.guests += time;
            // The first rounds are everybody's.
            self.shared += if self.next as usize > FEWEST_ROUNDS { time } else { Duration::ZERO };
        } else {
            self.hosts += time;
            self.last_round += time;
        }
    }

    /// The rounds so far.
    pub fn standing(&self, comparison: &Comparison) -> Standing {
        let queries = self.goal.queries(comparison);
        let settled = queries.iter().filter(|query| query.is_settled).count();
        let looked = self.next as usize >= FIRST_LOOK.min(comparison.settings.rounds as usize);
        Standing {
            rounds: self.next,
            most_rounds: self.budget.map_or(comparison.settings.rounds, |_| MOST_ROUNDS),
            time_left: self.budget.map(|budget| self.left(budget)),
            queries: queries.len(),
            settled,
            rounds_to_settle: rounds_to_settle(&queries).filter(|_| looked),
        }
    }

    /// Whether a round beyond those that were begun is to be made.
    fn goes_on(&self, comparison: &Comparison) -> bool {
        let Some(budget) = self.budget else { return false };
        let made = self.next as usize;
        let in_time = || self.left(budget) >= self.last_round;
        match made {
            _ if made < FEWEST_ROUNDS => true,
            _ if made >= MOST_ROUNDS as usize => false,
            _ if made < FIRST_LOOK => in_time(),
            _ => !self.is_settled(comparison) && in_time() && self.may_settle(comparison, budget),
        }
    }

    fn is_settled(&self, comparison: &Comparison) -> bool {
        self.goal.queries(comparison).iter().all(|query| query.is_settled)
    }

    fn is_guest(&self, comparison: &Comparison, turn: &Turn) -> bool {
        !self.goal.is_on(comparison, turn.name())
    }

    /// Whether rounds in the time that is left have a chance to settle what is open.
    fn may_settle(&self, comparison: &Comparison, budget: Duration) -> bool {
        let possible = self.left(budget).as_secs_f64() / self.last_round.as_secs_f64();
        let may_be_settled = |query: &Query| {
            !query.is_settled && query.rounds_to_settle.is_some_and(|wanted| wanted as f64 <= 3.0 * possible)
        };
        ((self.next - self.before) as usize) < FIRST_DOUBT || self.goal.queries(comparison).iter().any(may_be_settled)
    }

    /// Time that what the goal is on may still take.
    fn left(&self, budget: Duration) -> Duration {
        budget.saturating_sub(self.hosts + self.guests.min(budget / 2))
    }

    /// The turns of a round that have not been had and that there is time for.
    fn turns(&self, comparison: &Comparison, round: u32) -> Vec<Turn> {
        let mut turns = comparison.turns_to_have(round);
        if let Some(budget) = self.budget.filter(|_| round as usize >= FEWEST_ROUNDS) {
            let mut guests: Vec<(Duration, String)> = turns
                .iter()
                .filter(|turn| self.is_guest(comparison, turn))
                .map(|turn| (comparison.last_time(turn), turn.name().to_owned()))
                .collect();
            guests.sort();
            let mut taken = self.shared;
            guests.retain(|(time, _)| {
                let fits = taken + *time <= budget / 2;
                taken += if fits { *time } else { Duration::ZERO };
                fits
            });
            turns.retain(|turn| !self.is_guest(comparison, turn) || guests.iter().any(|(_, name)| name == turn.name()));
        }
        if self.budget.is_some() && round as usize >= FIRST_LOOK {
            let queries = self.goal.queries(comparison);
            let is_on = |query: &Query, name: &str| query.on.iter().any(|other| other == name);
            let is_open = |name: &str| queries.iter().any(|query| !query.is_settled && is_on(query, name));
            turns.retain(|turn| self.is_guest(comparison, turn) || is_open(turn.name()));
        }
        turns
    }
}

/// About so many more rounds would settle all queries; `None` where no reasonable number would.
fn rounds_to_settle(queries: &[Query]) -> Option<usize> {
    let open = queries.iter().filter(|query| !query.is_settled);
    open.map(|query| query.rounds_to_settle).try_fold(0, |most, more| Some(most.max(more?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::alternative::tests::alternative;
    use crate::measure::comparison::tests::run;
    use crate::measure::mode::RunMode;
    use crate::measure::paired::Looks;
    use crate::measure::running::goal::EachPair;
    use crate::measure::settings::Settings;
    use crate::measure::settings::tests::settings;

    const MODES: [RunMode; 2] = [RunMode::Disk, RunMode::Memory];

    fn until_settled(budget_seconds: f64) -> Comparison {
        let budget_seconds = Some(budget_seconds);
        let settings = Settings { rounds: 0, budget_seconds, looks: Looks::AfterEachRound, ..settings(&MODES) };
        Comparison::new(settings, Vec::new())
    }

    /// Makes the rounds of a comparison in which a turn takes the time that is given by its name and round.
    fn make(comparison: &mut Comparison, seconds: impl Fn(&str, u32) -> f64) -> Vec<(u32, Vec<String>)> {
        make_after(comparison, Duration::ZERO, seconds)
    }

    fn make_after(
        comparison: &mut Comparison,
        warm_ups: Duration,
        seconds: impl Fn(&str, u32) -> f64,
    ) -> Vec<(u32, Vec<String>)> {
        let mut pace = Pace::of(comparison, &EachPair).after(warm_ups);
        let mut made = Vec::new();
        while let Some((round, turns)) = pace.next_round(comparison) {
            comparison.begin_round(round);
            for turn in &turns {
                let seconds = seconds(turn.name(), round);
                pace.spend(comparison, turn, Duration::from_secs_f64(seconds));
                match turn {
                    Turn::Run(variant) => comparison.add(run(variant.mode, seconds, "xxh3:1"), &variant.name, round),
                    Turn::Other(attempt) => {
                        let mut run = alternative(&attempt.name, true, &[seconds]).runs.remove(0);
                        run.round = round;
                        comparison.alternatives[attempt.alternative].runs.push(run);
                    }
                }
            }
            made.push((round, turns.iter().map(|turn| turn.name().to_owned()).collect()));
        }
        made
    }

    /// Disk takes `ratio` times as long as memory, give or take three per cent.
    fn noisy(ratio: f64) -> impl Fn(&str, u32) -> f64 {
        move |name, round| match name {
            "disk" => ratio * (1.0 + 0.03 * f64::from(round * 7 % 5) - 0.06),
            _ => 1.0,
        }
    }

    #[test]
    fn so_many_rounds_are_made_as_were_asked_for_and_an_incomplete_one_is_completed() {
        let mut comparison = Comparison::new(settings(&MODES), Vec::new());
        comparison.add(run(RunMode::Memory, 1.0, ""), "memory", 1);
        let made = make(&mut comparison, noisy(1.0));
        assert_eq!(
            made.iter().map(|(round, turns)| (*round, turns.len())).collect::<Vec<_>>(),
            [(0, 2), (1, 1), (2, 2)]
        );
        assert!(make(&mut comparison, noisy(1.0)).is_empty());
    }

    #[test]
    fn a_clear_difference_takes_five_rounds_and_no_difference_takes_more() {
        let mut clear = until_settled(600.0);
        assert_eq!(make(&mut clear, noisy(2.0)).len(), FIRST_LOOK);
        assert!(clear.is_settled() && clear.settings.rounds == 5);
        let mut equal = until_settled(600.0);
        let rounds = make(&mut equal, noisy(1.0)).len();
        assert!(equal.is_settled() && (6..40).contains(&rounds), "{rounds}");
    }

    #[test]
    fn rounds_end_when_the_time_is_spent_but_three_are_always_made() {
        let mut comparison = until_settled(16.0);
        let to_and_fro = |name: &str, round| match (name, round % 2) {
            ("disk", 0) => 0.5,
            ("disk", _) => 1.5,
            _ => 1.0,
        };
        assert_eq!(make(&mut comparison, to_and_fro).len(), 8);
        assert_eq!(make(&mut until_settled(1.0), |_, _| 30.0).len(), FEWEST_ROUNDS);
        let rounds_after = |warm_ups| make_after(&mut until_settled(16.0), warm_ups, to_and_fro).len();
        assert_eq!(rounds_after(Duration::from_secs(6)), 4);
        assert_eq!(rounds_after(Duration::from_secs(60)), FEWEST_ROUNDS);
    }

    #[test]
    fn a_comparison_that_is_not_settled_goes_on_when_it_is_continued_and_a_settled_one_does_not() {
        let mut comparison = until_settled(12.0);
        let before = make(&mut comparison, noisy(1.0)).len() as u32;
        assert!(!comparison.is_settled());
        let after = make(&mut comparison, noisy(1.0));
        assert_eq!(after[0].0, before);
        let mut settled = until_settled(600.0);
        make(&mut settled, noisy(2.0));
        assert!(make(&mut settled, noisy(2.0)).is_empty());
        settled.runs.pop();
        assert_eq!(make(&mut settled, noisy(2.0)).len(), 1, "a round that was interrupted is completed");
    }

    #[test]
    fn a_slow_guest_sits_out_after_three_rounds_and_a_quick_one_stays() {
        let mut comparison = until_settled(200.0);
        comparison.alternatives = vec![alternative("spark", true, &[]), alternative("awk", false, &[])];
        let made = make(&mut comparison, |name, round| match name {
            "spark" => 120.0,
            "awk" => 0.1,
            name => noisy(1.0)(name, round),
        });
        let rounds_of = |name: &str| made.iter().filter(|(_, turns)| turns.iter().any(|turn| turn == name)).count();
        assert_eq!(rounds_of("spark"), FEWEST_ROUNDS);
        assert!(comparison.is_settled() && made.len() > FIRST_LOOK, "{made:?}");
        let order = comparison.order();
        assert!(order[4].iter().all(|name| name != "spark"), "{order:?}");
        assert_eq!(comparison.sat_out(), [("spark".to_owned(), 3)]);
    }

    #[test]
    fn a_mode_sits_out_once_its_verdicts_are_settled() {
        let modes = [RunMode::Disk, RunMode::Memory, RunMode::Reference];
        let settings =
            Settings { rounds: 0, budget_seconds: Some(600.0), looks: Looks::AfterEachRound, ..settings(&modes) };
        let mut comparison = Comparison::new(settings, Vec::new());
        let made = make(&mut comparison, |name, round| match name {
            "reference" => 3.0,
            name => noisy(1.0)(name, round),
        });
        let of_reference = made.iter().filter(|(_, turns)| turns.iter().any(|turn| turn == "reference")).count();
        assert!(of_reference == FIRST_LOOK && made.len() > FIRST_LOOK && comparison.is_settled(), "{made:?}");
        assert_eq!(comparison.settled_before_the_end(), [("reference".to_owned(), FIRST_LOOK)]);
        assert!(make(&mut comparison, noisy(1.0)).is_empty(), "nothing is left to continue");
    }

    #[test]
    fn rounds_that_would_settle_nothing_are_not_made() {
        let wild = |name: &str, round: u32| if name == "disk" { [0.4, 1.0, 2.5][round as usize % 3] } else { 1.0 };
        let mut comparison = until_settled(600.0);
        assert_eq!(make(&mut comparison, wild).len(), FIRST_DOUBT);
        assert!(!comparison.is_settled());
        assert_eq!(make(&mut comparison, wild).len(), FIRST_DOUBT, "who goes on gets more of them");
    }

    #[test]
    fn the_standing_tells_what_is_left() {
        let mut comparison = until_settled(60.0);
        let mut pace = Pace::of(&comparison, &EachPair);
        for _ in 0..FIRST_LOOK {
            let (round, turns) = pace.next_round(&comparison).unwrap();
            comparison.begin_round(round);
            for turn in &turns {
                let seconds = noisy(1.0)(turn.name(), round);
                pace.spend(&comparison, turn, Duration::from_secs(1));
                let mode = RunMode::named(turn.name()).unwrap();
                comparison.add(run(mode, seconds, "xxh3:1"), turn.name(), round);
            }
        }
        let standing = pace.standing(&comparison);
        assert_eq!((standing.rounds, standing.most_rounds), (5, MOST_ROUNDS));
        assert_eq!(standing.time_left, Some(Duration::from_secs(50)));
        assert_eq!((standing.queries, standing.settled), (1, 0));
        assert!(standing.rounds_to_settle.is_some_and(|rounds| rounds > 0), "{standing:?}");
    }
}
