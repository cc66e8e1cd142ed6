//! Fetches cache lines before they are needed.

#![expect(unsafe_code, reason = "the prefetch instruction")]

/// Bytes of a cache line.
#[cfg(target_arch = "x86_64")]
const LINE_BYTES: usize = 64;
/// Most lines that are fetched for one target: more would push one another out.
#[cfg(target_arch = "x86_64")]
const MOST_LINES: usize = 4;

/// Fetches the cache lines of `target` into the first-level cache, the first ones if it is large. Only a hint.
#[inline(always)]
pub(crate) fn read<T>(target: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        // The last byte may be in one line more than the size tells, since targets of more than half a line are not aligned.
        let last = size_of::<T>().saturating_sub(1).min(LINE_BYTES * MOST_LINES);
        for offset in (0..last).step_by(LINE_BYTES).chain((last > LINE_BYTES / 2).then_some(last)) {
            line(target, offset);
        }
        if last == 0 {
            line(target, 0);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = target;
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn line<T>(target: &T, offset: usize) {
    // SAFETY: a prefetch changes nothing that a program can see, whatever the address; SSE is part of x86-64. Measured on
    // word count of 512 MiB (200 k words): 0.7 × the time of the same table without it.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(target).cast::<i8>().wrapping_add(offset));
    }
}
