//! A last reserve of memory, so that a process that is refused more memory can still end in order.
//!
//! Buffers that grow with the input or the settings are asked for in a way that may fail, and a refusal is an error. But
//! there are also thousands of small allocations (a name, a list, a message) that must not fail: Rust ends the process where
//! one does. Once the system refuses memory, [`ReservedAllocator`] serves those from a reserve:
//!
//! 1. The first refusal gives back a stretch of address space that [`set_aside`] took, which the C library needs for its own
//!    small allocations (it unwinds panics and starts threads with them).
//! 2. That allocation and later ones are served from the reserve. It is part of the program's own image, so that it is there
//!    before anything is allocated. Its memory is never reused: it is large enough for the end of a run.
//! 3. From then on every [check of a token](crate::CancelToken) fails, so the run ends with an error and cleans up.
//! 4. Should the reserve be used up before that, the process says so and ends at once, as it does where it is killed: nothing
//!    of the output is published, and the next run removes what it left.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::io;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use memmap2::MmapMut;

use crate::error::{Error, Result};

/// Bytes that small allocations are served from.
const RESERVE_BYTES: usize = 8 << 20;
/// Bytes of address space that are given back for the C library.
const FOR_C_BYTES: usize = 4 << 20;
/// Bytes beside the reserve without which nothing is begun: the stacks of the first threads, and tables of a fixed size, whose
/// refusal would end the process.
const TO_BEGIN_BYTES: usize = 32 << 20;
/// Bytes by which the reserve raises the need of a process.
pub(crate) const BYTES: u64 = (RESERVE_BYTES + FOR_C_BYTES) as u64;
/// Largest allocation that the reserve serves: a buffer of a fixed size, such as a block's or a part's. Larger ones grow
/// with the input or the settings, and their owners bear a refusal.
const LARGEST_BYTES: usize = 512 << 10;

/// The size of a huge page.
const HUGE_PAGE_BYTES: usize = 2 << 20;
/// The smallest allocation that is asked to lie in huge pages.
const LARGE_BYTES: usize = 2 * HUGE_PAGE_BYTES;

/// The bytes of the reserve of this process. They are zeros that no memory stands behind until they are written.
#[repr(C, align(4096))]
struct Image(UnsafeCell<[u8; RESERVE_BYTES]>);

#[expect(unsafe_code, reason = "only the allocator hands out stretches of it, each to one owner")]
// SAFETY: nobody touches the bytes but the owners of stretches that `Reserve::serve` has cut from it, which do not overlap.
unsafe impl Sync for Image {}

static IMAGE: Image = Image(UnsafeCell::new([0; RESERVE_BYTES]));

/// The reserve of this process.
static RESERVE: Reserve = Reserve::of(IMAGE.0.get().cast());

/// Memory that is set aside, and the state of it.
#[derive(Debug)]
struct Reserve {
    /// Its first byte, at a page.
    start: AtomicPtr<u8>,
    /// Bytes that were served.
    used: AtomicUsize,
    /// Whether the system has refused memory.
    refused: AtomicBool,
    /// The address space that is given back.
    for_c: Mutex<Option<MmapMut>>,
}

/// Sets address space aside for the C library, and looks whether there is enough for any work. Call it once, before that work.
/// It ends the process where there is not: even to return from `main` takes memory.
pub(crate) fn set_aside() {
    if RESERVE.set_aside().is_err() {
        end(
            "the system refuses the memory to begin; raise the limits on address space and data (ulimit -v, ulimit -d)\n",
        );
    }
}

/// Whether the system has so many bytes of address space in one piece, which are given back at once.
///
/// # Errors
/// Its refusal.
pub(crate) fn probe(bytes: usize) -> io::Result<()> {
    MmapMut::map_anon(bytes).map(drop)
}

/// Fails once the system has refused memory.
pub(crate) fn check() -> Result<()> {
    if !RESERVE.refused.load(Ordering::Relaxed) {
        return Ok(());
    }
    Err(Error::Refused {
        what: "more memory",
        source: io::ErrorKind::OutOfMemory.into(),
        advice: "lower --memory, --workers or the number of map tasks (a larger --split-size), or raise the limits on \
                 address space and data (ulimit -v, ulimit -d)"
            .to_owned(),
    })
}

impl Reserve {
    /// A reserve of the [`RESERVE_BYTES`] zeros from `start` on, which is a page's.
    const fn of(start: *mut u8) -> Self {
        Reserve {
            start: AtomicPtr::new(start),
            used: AtomicUsize::new(0),
            refused: AtomicBool::new(false),
            for_c: Mutex::new(None),
        }
    }

    fn set_aside(&self) -> io::Result<()> {
        *self.for_c.lock().expect("no panic while it is held") = Some(MmapMut::map_anon(FOR_C_BYTES)?);
        probe(TO_BEGIN_BYTES)
    }

    /// Serves an allocation that the system has refused; null where the reserve cannot.
    #[cold]
    fn serve(&self, layout: Layout) -> *mut u8 {
        if layout.size() > LARGEST_BYTES {
            return ptr::null_mut();
        }
        if !self.refused.swap(true, Ordering::Relaxed)
            && let Ok(mut for_c) = self.for_c.try_lock()
        {
            drop(for_c.take());
        }
        let start = self.start.load(Ordering::Relaxed);
        // It begins at a page, which is aligned for any layout of the program.
        let place = |used: usize| used.next_multiple_of(layout.align());
        let take = |used: usize| Some(place(used) + layout.size()).filter(|used| *used <= RESERVE_BYTES);
        match self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(used) => start.wrapping_add(place(used)),
            Err(_) => ptr::null_mut(),
        }
    }

    /// Serves an allocation that the system has refused. Ends the process where a small one cannot be served either; null for
    /// a large one.
    #[cold]
    fn serve_or_end(&self, layout: Layout) -> *mut u8 {
        let served = self.serve(layout);
        if served.is_null() && layout.size() <= LARGEST_BYTES {
            end(
                "the system refuses more memory, and what was set aside for the end of the run is used up; raise the limits \
                 on address space and data (ulimit -v, ulimit -d), or lower --memory and --workers\n",
            );
        }
        served
    }

    /// Whether the reserve served an allocation.
    #[inline(always)]
    fn has_served(&self, pointer: *mut u8) -> bool {
        pointer.addr().wrapping_sub(self.start.load(Ordering::Relaxed).addr()) < RESERVE_BYTES
    }
}

/// Ends the process with a message and the exit status of an error. It allocates nothing, and runs nothing that could.
#[cold]
fn end(message: &str) -> ! {
    // A message that cannot be written changes nothing: there is nobody to tell.
    _ = nix::unistd::write(io::stderr(), message.as_bytes());
    #[expect(unsafe_code, reason = "the only way to end a process at once")]
    // SAFETY: it does not return, so nothing can be seen in between.
    unsafe {
        nix::libc::_exit(1)
    }
}

/// An allocator that falls back on the reserve. The `twinmill` command uses it around mimalloc; another binary whose `main`
/// is [`cli::main`](crate::cli::main) can do the same:
///
/// ```
/// use std::alloc::System;
///
/// use twinmill::ReservedAllocator;
///
/// #[global_allocator]
/// static ALLOCATOR: ReservedAllocator<System> = ReservedAllocator::new(System);
/// ```
#[derive(Debug)]
pub struct ReservedAllocator<A> {
    inner: A,
    reserve: &'static Reserve,
}

impl<A> ReservedAllocator<A> {
    /// Serves from the reserve allocations that `inner` cannot serve.
    pub const fn new(inner: A) -> Self {
        ReservedAllocator { inner, reserve: &RESERVE }
    }
}

/// Asks the system for huge pages behind a large allocation, which shorten the looks at its places; returns the allocation.
/// Small ones would each keep a huge page of their thread.
#[inline]
fn in_huge_pages(pointer: *mut u8, bytes: usize) -> *mut u8 {
    if bytes >= LARGE_BYTES {
        advise(pointer, bytes);
    }
    pointer
}

#[cold]
#[expect(unsafe_code, reason = "advice on memory is a system call on an address")]
fn advise(pointer: *mut u8, bytes: usize) {
    let before = pointer.align_offset(HUGE_PAGE_BYTES);
    let whole = (bytes - before) / HUGE_PAGE_BYTES * HUGE_PAGE_BYTES;
    // SAFETY: the pages lie within the allocation, and the advice changes no byte of them. A system without huge pages
    // refuses it, which changes nothing.
    unsafe { nix::libc::madvise(pointer.add(before).cast(), whole, nix::libc::MADV_HUGEPAGE) };
}

#[expect(unsafe_code, reason = "an allocator is unsafe to implement")]
// SAFETY: what the inner allocator serves goes back to it with the layout it was asked for. What the reserve serves is a
// stretch of its image that nobody else is given: `used` only grows. It is aligned, zero as it was loaded, and stays when it is
// given back.
unsafe impl<A: GlobalAlloc> GlobalAlloc for ReservedAllocator<A> {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let pointer = unsafe { self.inner.alloc(layout) };
        if pointer.is_null() { self.reserve.serve_or_end(layout) } else { in_huge_pages(pointer, layout.size()) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let pointer = unsafe { self.inner.alloc_zeroed(layout) };
        if pointer.is_null() { self.reserve.serve_or_end(layout) } else { in_huge_pages(pointer, layout.size()) }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if !self.reserve.has_served(pointer) {
            unsafe { self.inner.dealloc(pointer, layout) }
        }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // A large allocation that grows moves, and the system must know of huge pages before it is written to.
        let grows_large = new_size > layout.size() && new_size >= LARGE_BYTES;
        if !grows_large && !self.reserve.has_served(pointer) {
            let moved = unsafe { self.inner.realloc(pointer, layout, new_size) };
            if !moved.is_null() {
                return moved;
            }
        }
        // SAFETY: the caller promises that the new size, with this alignment, is a layout.
        let moved = unsafe { self.alloc(Layout::from_size_align_unchecked(new_size, layout.align())) };
        if !moved.is_null() {
            unsafe {
                ptr::copy_nonoverlapping(pointer, moved, layout.size().min(new_size));
                self.dealloc(pointer, layout);
            }
        }
        moved
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::System;

    use super::*;

    /// Refuses all that is not null already.
    struct Refusing;

    #[expect(unsafe_code, reason = "an allocator is unsafe to implement")]
    // SAFETY: it serves nothing.
    unsafe impl GlobalAlloc for Refusing {
        unsafe fn alloc(&self, _: Layout) -> *mut u8 {
            ptr::null_mut()
        }

        unsafe fn dealloc(&self, _: *mut u8, _: Layout) {
            panic!("it has served nothing");
        }
    }

    fn reserve() -> &'static Reserve {
        let memory = Box::leak(Box::new(MmapMut::map_anon(RESERVE_BYTES).unwrap()));
        let reserve = Box::leak(Box::new(Reserve::of(memory.as_mut_ptr())));
        reserve.set_aside().unwrap();
        reserve
    }

    fn layout(bytes: usize, align: usize) -> Layout {
        Layout::from_size_align(bytes, align).unwrap()
    }

    #[test]
    #[expect(unsafe_code, reason = "allocators are unsafe to call")]
    fn what_the_system_refuses_is_served_from_the_reserve_apart_from_each_other() {
        let allocator = ReservedAllocator { inner: Refusing, reserve: reserve() };
        let mut ends = 0;
        for (bytes, align) in [(1, 1), (24, 8), (3, 1), (100, 64), (LARGEST_BYTES, 4096)] {
            // SAFETY: the layouts are of some bytes, and what was served is given back with its own.
            unsafe {
                let served = allocator.alloc_zeroed(layout(bytes, align));
                assert!(served.addr() % align == 0 && served.addr() >= ends, "{bytes} bytes at {served:?}");
                assert!((0..bytes).all(|at| *served.add(at) == 0));
                served.write_bytes(7, bytes);
                ends = served.addr() + bytes;
                allocator.dealloc(served, layout(bytes, align));
            }
        }
        assert!(allocator.reserve.refused.load(Ordering::Relaxed), "the run is told");
        assert!(allocator.reserve.for_c.lock().unwrap().is_none(), "address space is given back");
    }

    #[test]
    #[expect(unsafe_code, reason = "allocators are unsafe to call")]
    fn what_grows_keeps_its_bytes() {
        let allocator = ReservedAllocator { inner: Refusing, reserve: reserve() };
        // SAFETY: as above.
        unsafe {
            let small = allocator.alloc(layout(3, 1));
            small.copy_from_nonoverlapping(b"abc".as_ptr(), 3);
            let grown = allocator.realloc(small, layout(3, 1), 1000);
            assert_eq!(std::slice::from_raw_parts(grown, 3), b"abc");
            assert!(grown.addr() >= small.addr() + 3);
        }
    }

    #[test]
    #[expect(unsafe_code, reason = "allocators are unsafe to call")]
    fn large_buffers_are_refused_and_so_is_all_once_the_reserve_is_used_up() {
        let allocator = ReservedAllocator { inner: Refusing, reserve: reserve() };
        // SAFETY: as above.
        unsafe {
            assert!(allocator.alloc(layout(LARGEST_BYTES + 1, 1)).is_null());
        }
        let served = std::iter::repeat_with(|| allocator.reserve.serve(layout(LARGEST_BYTES, 1)));
        assert_eq!(served.take_while(|served| !served.is_null()).count(), RESERVE_BYTES / LARGEST_BYTES);
    }

    #[test]
    #[expect(unsafe_code, reason = "allocators are unsafe to call")]
    fn what_the_system_has_is_not_from_the_reserve() {
        let allocator = ReservedAllocator { inner: System, reserve: reserve() };
        // SAFETY: as above.
        unsafe {
            let served = allocator.alloc(layout(10, 1));
            assert!(!allocator.reserve.has_served(served));
            let served = allocator.realloc(served, layout(10, 1), 20);
            allocator.dealloc(served, layout(20, 1));
        }
        assert!(!allocator.reserve.refused.load(Ordering::Relaxed));
    }
}
