//! Recommendations: traits of users and items by which their ratings can be foretold, by alternating least squares.
//!
//! ```text
//!          items                        traits of items
//! users  │ 5  .  1 │               users │ u │ · │ i i i │        rating ≈ u · i
//!        │ .  4  . │      ≈              │ u │
//!        │ 4  .  . │                     │ u │
//! ```
//!
//! With the items' traits at hand, those of a user follow from his own ratings alone: the least of Σ (rating - u·i)² +
//! λ n u·u over his n ratings, a small system of equations (Zhou and others, Large-scale parallel collaborative
//! filtering for the Netflix Prize, 2008; Spark's MLlib has the same λ n). Then the users' traits are at hand, and the
//! items follow.
//!
//! 1. *by user* and *by item* bring the ratings of each together, once: all that is ever shuffled of them. They do not
//!    change, so they are read anew, or kept, as the factor `invariant` says: where memory helps.
//! 2. *users* and *items*, in turn, `--iterations` times: the traits of the other side are side data of the tasks, and
//!    map solves the equations of its own users or items. There is no reducer.
//!
//! Ratings of one user are added in the order of the items' ids, so the answer does not depend on tasks, reducers or
//! the order of the lines. The start is that of items, each with traits made of its id by a hash and `--start-seed`.
//!
//! Input: `user TAB item TAB rating`; a user may rate an item more than once. Output: `item TAB id TAB traits` and
//! `user TAB id TAB traits`, comma separated, in byte order of the ids. `--test FILE` says the root of the mean squared
//! error on other ratings, of users and items that are known.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hashbrown::HashMap;
use memchr::memchr;
use twinmill::check::LineOrder;
use twinmill::generate::{Kind, Shape};
use twinmill::prelude::*;
use twinmill::program::{Highlights, Output, Program, Reference};
use twinmill::reference::ReferenceRun;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::jobs::algebra::Cholesky;
use crate::jobs::highlights::{Finite, Largest, grouped, number as read_number, significant, text};
use crate::jobs::numbers::Numbers;
use crate::jobs::shown::{Shown, lacks, wrong_line};
use crate::jobs::table::numbers::number;

pub struct Als;

#[derive(clap::Args)]
pub struct Options {
    /// Number of traits that each user and each item has
    #[arg(long, value_name = "K", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    k: u32,
    /// Rounds, in each of which the traits of users and then those of items are computed
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    iterations: u32,
    /// Penalty on large traits: this times the sum of their squares is added to the squared error, once for each rating
    #[arg(long, value_name = "X", default_value_t = 0.1, value_parser = above_zero)]
    lambda: f64,
    /// Number from which the first traits are drawn: the same number gives the same result
    #[arg(long, value_name = "N", default_value_t = 1)]
    start_seed: u64,
    /// A file of other ratings: how far the traits are from them is printed
    #[arg(long, value_name = "FILE")]
    test: Option<PathBuf>,
}

fn above_zero(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|value: &f64| value.is_finite() && *value > 0.0).ok_or_else(|| "must be above 0".into())
}

/// User, item and rating.
type Rating<'l> = (&'l [u8], &'l [u8], f64);

/// The rating of a line; `None` for an empty line.
fn rating(line: &[u8]) -> Result<Option<Rating<'_>>> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() {
        return Ok(None);
    }
    let wrong = |why: &str| wrong_line(line, why, "");
    let mut fields = line.split(|byte| *byte == b'\t');
    let (Some(user), Some(item), Some(rating), None) = (fields.next(), fields.next(), fields.next(), fields.next())
    else {
        return Err(wrong("a line is user, item and rating, with a TAB between them"));
    };
    if user.is_empty() || item.is_empty() {
        return Err(wrong("user and item have names"));
    }
    let rating = number(rating).ok_or_else(|| wrong(&format!("{} is no finite number", Shown(rating))))?;
    Ok(Some((user, item, rating)))
}

/// Traits by id.
type Traits = HashMap<Vec<u8>, Vec<f64>>;

/// Bytes that traits take, about: those of an entry, its id, and its numbers.
fn heap_bytes(traits: &Traits) -> u64 {
    let entry = |(id, numbers): (&Vec<u8>, &Vec<f64>)| {
        2 * size_of::<(Vec<u8>, Vec<f64>)>() + id.capacity() + size_of::<f64>() * numbers.capacity()
    };
    traits.iter().map(entry).sum::<usize>() as u64
}

/// The ratings of one user or item, by the ids of the other side: sorted.
type Ratings = Vec<(Vec<u8>, f64)>;

/// What all solving needs.
#[derive(Clone, Copy, Debug)]
struct Rule {
    traits: usize,
    lambda: f64,
    seed: u64,
}

impl Rule {
    /// The traits that an item starts with: numbers from -1 to 1, made of its id.
    fn start(&self, id: &[u8]) -> Vec<f64> {
        const HALF: f64 = (1u64 << 52) as f64;
        let of = |place: usize| {
            let hash = xxh3_64_with_seed(id, self.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(place as u64));
            (hash >> 11) as f64 / HALF - 1.0
        };
        (0..self.traits).map(of).collect()
    }

    /// The traits of a user or item, from the traits of those on the other side, each with the rating that connects them.
    ///
    /// # Errors
    /// Ratings for which no float can hold what is needed.
    fn solve<'t>(&self, id: &[u8], ratings: impl ExactSizeIterator<Item = (&'t [f64], f64)>) -> Result<Vec<f64>> {
        let (size, count) = (self.traits, ratings.len());
        let (mut matrix, mut vector) = (vec![0.0; size * size], vec![0.0; size]);
        for (traits, rating) in ratings {
            for (row, one) in traits.iter().enumerate() {
                vector[row] += one * rating;
                matrix[row * size..][..=row].iter_mut().zip(traits).for_each(|(sum, other)| *sum += one * other);
            }
        }
        (0..size).for_each(|at| matrix[at * size + at] += self.lambda * count as f64);
        let solver = Cholesky::of(&matrix, size);
        solver.ok_or_else(|| wrong_scale(id))?.solve(&mut vector);
        if vector.iter().all(|trait_| trait_.is_finite()) { Ok(vector) } else { Err(wrong_scale(id)) }
    }
}

fn wrong_scale(id: &[u8]) -> Error {
    Error::wrong_input(format!("the traits of {} cannot be told: raise --lambda, or scale the ratings", Shown(id)))
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

// ------------------------------------------------------------------ by user, by item

/// The side whose ratings are brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    User,
    Item,
}

/// Emits each rating under the id of a side.
#[derive(Clone)]
struct By(Side);

impl Mapper for By {
    type Input = Lines;
    type Key = [u8];
    type Value = (Vec<u8>, f64);

    fn map(&mut self, line: Record<'_>, out: &mut impl Emit<[u8], (Vec<u8>, f64)>) -> Result<()> {
        if let Some((user, item, rating)) = rating(line.bytes())? {
            let (key, other) = if self.0 == Side::User { (user, item) } else { (item, user) };
            out.emit(key, (other, rating));
        }
        Ok(())
    }
}

#[derive(Clone)]
struct Gather;

impl Reducer for Gather {
    type Key = [u8];
    type Value = (Vec<u8>, f64);
    type OutKey = [u8];
    type OutValue = Ratings;

    fn reduce(
        &mut self,
        id: &[u8],
        ratings: &mut Values<(Vec<u8>, f64)>,
        out: &mut impl Emit<[u8], Ratings>,
    ) -> Result<()> {
        let mut gathered: Ratings = ratings.collect();
        sort(&mut gathered);
        out.emit(id, gathered);
        Ok(())
    }
}

/// Brings ratings in the order in which they are added up, which is the same for any order of the lines.
fn sort(ratings: &mut Ratings) {
    ratings.sort_unstable_by(|(one, rating), (other, also)| one.cmp(other).then(rating.total_cmp(also)));
}

/// Ratings of users or items, kept for the loop.
#[derive(Clone, Debug, Default)]
struct Gathered(Vec<(Vec<u8>, Ratings)>);

impl Block for Gathered {
    fn records(&self) -> u64 {
        self.0.len() as u64
    }

    fn heap_bytes(&self) -> usize {
        const ENTRY_BYTES: usize = 64;
        self.0.iter().map(|(id, ratings)| id.len() + ENTRY_BYTES * (ratings.len() + 1)).sum()
    }
}

struct ParseRatings;

impl Parse for ParseRatings {
    type Input = Pairs<[u8], Ratings>;
    type Block = Gathered;

    fn parse(&self, (id, ratings): (&[u8], Ratings), block: &mut Gathered) -> Result<()> {
        block.0.push((id.to_vec(), ratings));
        Ok(())
    }
}

// ------------------------------------------------------------------ users, items

/// Solves users or items.
#[derive(Clone)]
struct Solve {
    rule: Rule,
    others: Arc<Traits>,
}

impl Mapper for Solve {
    type Input = Blocks<ParseRatings>;
    type Key = [u8];
    type Value = Vec<f64>;

    fn map(&mut self, block: &Gathered, out: &mut impl Emit<[u8], Vec<f64>>) -> Result<()> {
        for (id, ratings) in &block.0 {
            let ratings = ratings.iter().map(|(other, rating)| (&self.others[other][..], *rating));
            out.emit(&id[..], self.rule.solve(id, ratings)?);
        }
        Ok(())
    }
}

fn solved(driver: &mut Driver, of: &Invariant<ParseRatings>, rule: Rule, others: &Arc<Traits>) -> Result<Arc<Traits>> {
    let job = Job::map_only("als-solve", Solve { rule, others: others.clone() }).input(of);
    let mut traits = Traits::new();
    driver.run_to_dataset(&job)?.for_each(|id, of| {
        traits.insert(id.to_vec(), of);
        Ok(())
    })?;
    Ok(Arc::new(traits))
}

// ------------------------------------------------------------------ errors

/// Squared errors, in the order of the input, and how many ratings there are and are of someone unknown.
#[derive(Default)]
struct Errors {
    squares: f64,
    ratings: u64,
    unknown: u64,
}

impl Errors {
    fn add(&mut self, user: Option<&Vec<f64>>, item: Option<&Vec<f64>>, rating: f64) {
        match (user, item) {
            (Some(user), Some(item)) => {
                self.ratings += 1;
                self.squares += (dot(user, item) - rating).powi(2);
            }
            _ => self.unknown += 1,
        }
    }

    fn told(&self, file: &Path) -> String {
        let Errors { squares, ratings, unknown } = self;
        let unknown =
            if *unknown > 0 { format!("; {unknown} are of users or items that are not known") } else { String::new() };
        let error = (squares / *ratings as f64).sqrt();
        format!("error on {}: root of the mean square {error}, of {ratings} ratings{unknown}", file.display())
    }
}

fn tried(file: &Path, users: &Traits, items: &Traits, seen: &Inputs) -> Result<String> {
    let mut errors = Errors::default();
    seen.scan::<Lines>(&[file.to_owned()], |line| {
        if let Some((user, item, rating)) = rating(line.bytes())? {
            errors.add(users.get(user), items.get(item), rating);
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if errors.ratings == 0 {
        return Err(Error::user(format!("--test {}: it has no ratings of known users and items", file.display())));
    }
    Ok(errors.told(file))
}

// ------------------------------------------------------------------ the reference

/// Ratings by one side: its place, that on the other side, and the rating.
struct Sorted(Vec<(u32, u32, f64)>);

impl Sorted {
    /// Ratings of one are added up in the order of [`sort`].
    fn of(mut ratings: Vec<(u32, u32, f64)>) -> Self {
        ratings.sort_unstable_by(|one, other| (one.0, one.1).cmp(&(other.0, other.1)).then(one.2.total_cmp(&other.2)));
        Sorted(ratings)
    }

    /// The traits of all of this side, one after the other, from those of the other one.
    fn solve(&self, rule: &Rule, ids: &[Vec<u8>], others: &[f64]) -> Result<Vec<f64>> {
        let mut traits = Vec::with_capacity(ids.len() * rule.traits);
        for (ratings, id) in self.0.chunk_by(|one, other| one.0 == other.0).zip(ids) {
            let of_other = |place: u32| &others[place as usize * rule.traits..][..rule.traits];
            let ratings = ratings.iter().map(|(_, other, rating)| (of_other(*other), *rating));
            traits.extend(rule.solve(id, ratings)?);
        }
        Ok(traits)
    }
}

// ------------------------------------------------------------------ the program

/// What an output line begins with: side TAB id.
fn key(side: &str, id: &[u8]) -> Vec<u8> {
    [side.as_bytes(), b"\t", id].concat()
}

/// Lines of the output, in their order.
fn lines(users: &Traits, items: &Traits) -> Vec<(Vec<u8>, Vec<f64>)> {
    let of = |side: &'static str, traits: &Traits| -> Vec<(Vec<u8>, Vec<f64>)> {
        traits.iter().map(|(id, traits)| (key(side, id), traits.clone())).collect()
    };
    let mut lines = of("item", items);
    lines.extend(of("user", users));
    lines.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
    lines
}

impl Options {
    fn rule(&self) -> Rule {
        Rule { traits: self.k as usize, lambda: self.lambda, seed: self.start_seed }
    }
}

impl Program for Als {
    type Options = Options;

    const NAME: &'static str = "als";
    const ABOUT: &'static str = "Learn traits of users and items from ratings by alternating least squares";
    const SUBJECT: &'static str = "models";
    const REFERENCE: Option<Reference<Self>> = Some(Self::reference);

    fn default_input(&self) -> Option<(Kind, Shape)> {
        Some((Kind::Ratings, Shape::records(200_000)))
    }

    fn side_inputs(&self, options: &Options) -> Vec<PathBuf> {
        options.test.clone().into_iter().collect()
    }

    fn line_order(&self, _: &Options) -> LineOrder {
        LineOrder::Free
    }

    fn run(&self, options: &Options, inputs: &[PathBuf], session: &Session) -> Result<Report> {
        let mut driver = Driver::start(Self::NAME, session)?;
        let rule = options.rule();
        // Without a reducer nothing would be brought together.
        let reducers = session.config.reducers.max(1);
        let gathered = |driver: &mut Driver, side, name: &str| {
            let job = Job::new(name, By(side), Gather).input(inputs).reducers(reducers);
            let ratings = driver.run_to_dataset(&job)?;
            driver.invariant(&ratings, ParseRatings)
        };
        let by_item = gathered(&mut driver, Side::Item, "als-by-item")?;
        let by_user = gathered(&mut driver, Side::User, "als-by-user")?;
        let ids = Job::map_only("als-items", Start { rule }).input(&by_item);
        let (mut users, mut items) = (Arc::<Traits>::default(), Traits::new());
        driver.run_to_dataset(&ids)?.for_each(|id, traits| {
            items.insert(id.to_vec(), traits);
            Ok(())
        })?;
        if items.is_empty() {
            return Err(lacks("ratings", inputs));
        }
        let _of_items = driver.hold(heap_bytes(&items), "the table of the items' traits")?;
        let mut of_users = driver.hold(0, "the table of the users' traits")?;
        let mut items = Arc::new(items);
        driver.iterate(options.iterations as usize, |driver, _| {
            users = solved(driver, &by_user, rule, &items)?;
            of_users.grow_to(heap_bytes(&users))?;
            items = solved(driver, &by_item, rule, &users)?;
            Ok(ControlFlow::Continue(()))
        })?;
        if let Some(test) = &options.test {
            let note = tried(test, &users, &items, driver.inputs())?;
            driver.inputs().note(note);
        }
        let model: Dataset<[u8], Vec<f64>> = driver.parallelize(lines(&users, &items))?;
        driver.run(&Job::new(Self::NAME, Identity::<[u8], Vec<f64>>, Identity).input(&model).reducers(reducers))?;
        driver.finish()
    }

    fn show(&self, _: &Options, output: &Output<'_>) -> Result<Option<Highlights>> {
        liked_best(output).map(Some)
    }
}

/// The items that the first users are foretold to like best, whether they have rated them or not.
fn liked_best(output: &Output<'_>) -> Result<Highlights> {
    const USERS: usize = 5;
    const ITEMS: usize = 3;
    let (mut items, mut users, mut of_users) = (Vec::new(), BTreeMap::new(), 0);
    output.each_record(|side, rest| {
        let tab = memchr(b'\t', rest).unwrap_or(rest.len());
        let (id, traits) = (&rest[..tab], rest.get(tab + 1..).unwrap_or_default());
        let traits = || traits.split(|byte| *byte == b',').map(read_number).collect::<Result<Vec<f64>>>();
        if side == b"item" {
            items.push((id.to_vec(), traits()?));
            return Ok(());
        }
        of_users += 1;
        if users.len() < USERS || users.last_key_value().is_some_and(|(last, _): (&Vec<u8>, _)| id < &last[..]) {
            users.insert(id.to_vec(), traits()?);
            if users.len() > USERS {
                users.pop_last();
            }
        }
        Ok(())
    })?;
    let mut rows = vec![["user", "items that are foretold to be liked best"].map(str::to_owned).to_vec()];
    for (user, traits) in &users {
        let mut best = Largest::new();
        items.iter().for_each(|(item, of_item)| best.offer(Finite(dot(traits, of_item)), item));
        let best = best.into_sorted().into_iter().take(ITEMS);
        let best: Vec<String> = best.map(|(Finite(rating), item)| format!("{item} {}", significant(rating))).collect();
        rows.push(vec![text(user), best.join("  ")]);
    }
    let of_items = grouped(items.len() as u64);
    Ok(Highlights { heading: format!("{} users, {of_items} items; of the first users:", grouped(of_users)), rows })
}

/// Emits the traits that items start with.
#[derive(Clone)]
struct Start {
    rule: Rule,
}

impl Mapper for Start {
    type Input = Blocks<ParseRatings>;
    type Key = [u8];
    type Value = Vec<f64>;

    fn map(&mut self, block: &Gathered, out: &mut impl Emit<[u8], Vec<f64>>) -> Result<()> {
        block.0.iter().for_each(|(id, _)| out.emit(&id[..], self.rule.start(id)));
        Ok(())
    }
}

impl Als {
    fn reference(&self, options: &Options, inputs: &[PathBuf], run: &mut ReferenceRun) -> Result<()> {
        let (mut users, mut items, mut ratings) = (Numbers::default(), Numbers::default(), Vec::new());
        run.for_each_line(inputs, |line| {
            if let Some((user, item, rating)) = rating(line.bytes())? {
                ratings.push((users.of(user), items.of(item), rating));
            }
            Ok(())
        })?;
        if ratings.is_empty() {
            return Err(lacks("ratings", inputs));
        }
        let (rule, (users, of_user), (items, of_item)) = (options.rule(), users.in_order(), items.in_order());
        ratings.iter_mut().for_each(|(user, item, _)| {
            (*user, *item) = (of_user[*user as usize], of_item[*item as usize]);
        });
        let of_items = Sorted::of(ratings.iter().map(|(user, item, rating)| (*item, *user, *rating)).collect());
        let of_users = Sorted::of(ratings);
        let mut item_traits: Vec<f64> = items.iter().flat_map(|id| rule.start(id)).collect();
        let mut user_traits = Vec::new();
        for _ in 0..options.iterations {
            user_traits = of_users.solve(&rule, &users, &item_traits)?;
            item_traits = of_items.solve(&rule, &items, &user_traits)?;
        }
        let sides = [("item", &items, &item_traits), ("user", &users, &user_traits)];
        if let Some(test) = &options.test {
            let by_id = |(_, ids, traits): (&str, &Vec<Vec<u8>>, &Vec<f64>)| -> Traits {
                ids.iter().cloned().zip(traits.chunks_exact(rule.traits).map(<[f64]>::to_vec)).collect()
            };
            let [items, users] = sides.map(by_id);
            run.inputs().note(tried(test, &users, &items, run.inputs())?);
        }
        for (side, ids, traits) in sides {
            for (id, traits) in ids.iter().zip(traits.chunks_exact(rule.traits)) {
                run.write_by_key::<[u8]>(&key(side, id)[..], traits)?;
            }
        }
        Ok(())
    }
}
