//! Makes room in buffers whose size depends on settings and input.
//!
//! A buffer that takes the last of the address space (`ulimit -v`) leaves none for blocks, threads and the output,
//! which cannot do without. So a large buffer only grows while [`HEADROOM_BYTES`] are left beside it, and is spilled
//! earlier where they are not.

/// Bytes that are left to everything else.
const HEADROOM_BYTES: usize = 32 << 20;
/// A buffer up to this size grows without a look at what is left.
const SMALL_BYTES: usize = 64 << 10;

/// Makes room for `capacity` items in all; returns whether there is room.
#[inline(never)]
pub(super) fn make<T>(items: &mut Vec<T>, capacity: usize) -> bool {
    items.capacity() >= capacity && items.len() <= capacity
        || is_there(capacity.saturating_mul(size_of::<T>()))
            && items.try_reserve_exact(capacity.saturating_sub(items.len())).is_ok()
}

/// Whether the system has so many bytes of memory and the headroom besides.
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
