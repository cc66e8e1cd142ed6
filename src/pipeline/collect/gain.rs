//! How many records combining has saved.

/// Records after which a table is first looked at, for what it gains; each later look comes after four times as many. Over
/// several spills, what they gained is judged after so many records.
pub(super) const FIRST_LOOK: u64 = if cfg!(test) { 256 } else { 16 << 10 };

/// The records of some spills, and how many of them were left after combining.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Gain {
    pub records: u64,
    pub left: u64,
}

impl Gain {
    /// Adds a spill. With a small buffer one spill holds too few records to tell anything.
    pub fn add(&mut self, records: u64, left: u64) {
        self.records += records;
        self.left += left;
    }

    /// Takes the records of the spills so far, where they are enough to judge by, and begins anew.
    pub fn judge(&mut self) -> Option<Gain> {
        (self.records >= FIRST_LOOK).then(|| std::mem::take(self))
    }

    /// Whether a table costs more than it saves: it combined fewer than half of the records.
    pub fn is_poor(self) -> bool {
        2 * self.left > self.records
    }

    /// Whether a table would pay: combining left a quarter of the records at most.
    pub fn is_rich(self) -> bool {
        4 * self.left <= self.records
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_spills_are_judged_together_and_once() {
        let mut gain = Gain::default();
        let small = FIRST_LOOK / 4;
        for _ in 0..3 {
            gain.add(small, small);
            assert!(gain.judge().is_none(), "{gain:?}");
        }
        gain.add(small, 0);
        let judged = gain.judge().unwrap();
        assert_eq!((judged.records, judged.left), (FIRST_LOOK, 3 * small));
        assert!(judged.is_poor() && !judged.is_rich());
        assert!(gain.judge().is_none(), "later spills are judged apart");
        assert!(Gain { records: 400, left: 100 }.is_rich());
    }
}
