//! Numbers for ids, for the references.

use hashbrown::HashMap;

/// Ids, numbered as they come.
#[derive(Default)]
pub struct Numbers(HashMap<Vec<u8>, u32>);

impl Numbers {
    /// The number of an id, which is the next one where the id is new.
    pub fn of(&mut self, id: &[u8]) -> u32 {
        let next = self.0.len() as u32;
        *self.0.entry_ref(id).or_insert(next)
    }

    /// The ids in their order, and the place of each number among them.
    pub fn in_order(self) -> (Vec<Vec<u8>>, Vec<u32>) {
        let mut ids: Vec<_> = self.0.into_iter().collect();
        ids.sort_unstable();
        let mut places = vec![0; ids.len()];
        (0u32..).zip(&ids).for_each(|(place, (_, number))| places[*number as usize] = place);
        (ids.into_iter().map(|(id, _)| id).collect(), places)
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_number_leads_to_its_id() {
        use super::*;

        let mut numbers = Numbers::default();
        let given = ["b", "c", "b", "a"].map(|id| numbers.of(id.as_bytes()));
        assert_eq!(given, [0, 1, 0, 2]);
        assert_eq!(numbers.in_order(), (["a", "b", "c"].map(|id| id.as_bytes().to_vec()).to_vec(), vec![1, 2, 0]));
    }
}
