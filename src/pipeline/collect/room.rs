//! Making room in buffers that are as large as the settings and the input say.
//!
//! A buffer that takes the last of the address space (`ulimit -v`) leaves nothing for what cannot do without: blocks, threads,
//! the output. So a large buffer only grows while that much again is there, and is spilled earlier where it is not.

/// What is left to everything else.
const HEADROOM_BYTES: usize = 32 << 20;
/// Growing to less than this is no reason to look how much is left.
const SMALL_BYTES: usize = 64 << 10;

/// Makes room for `capacity` items in all; tells whether there is.
#[inline(never)]
pub(super) fn make<T>(items: &mut Vec<T>, capacity: usize) -> bool {
    items.capacity() >= capacity && items.len() <= capacity
        || is_there(capacity.saturating_mul(size_of::<T>()))
            && items.try_reserve_exact(capacity.saturating_sub(items.len())).is_ok()
}

/// Whether the system has so many bytes of memory, and some besides.
pub(super) fn is_there(bytes: usize) -> bool {
    bytes < SMALL_BYTES || Vec::<u8>::new().try_reserve_exact(bytes.saturating_add(HEADROOM_BYTES)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_system_has_is_refused_and_the_buffer_stays() {
        let mut items = vec![1u64, 2];
        for capacity in [usize::MAX, usize::MAX / 8, 1 << 58] {
            assert!(!make(&mut items, capacity), "{capacity}");
        }
        assert_eq!(items, [1, 2]);
        assert!(make(&mut items, 100) && items.capacity() >= 100);
    }
}
