//! Catches panics and returns them as errors, so that nothing else need print them.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::thread;

thread_local! {
    /// Whether a panic of this thread is caught.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Does what may panic.
///
/// # Errors
/// The payload of the panic; [`message`] reads it.
pub fn catch<T>(work: impl FnOnce() -> T) -> thread::Result<T> {
    let before = IS_CAUGHT.replace(true);
    let outcome = catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(before);
    outcome
}

/// The message of a panic.
pub fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("with a value that is no text")
}

/// From now on panics that are caught here are not printed where they happen.
pub fn silence_caught() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if !IS_CAUGHT.get() {
            print(panic);
        }
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_knows_whether_its_panic_is_caught() {
        let told = catch(|| {
            assert!(IS_CAUGHT.get());
            assert!(catch(|| 1).is_ok_and(|one| one == 1) && IS_CAUGHT.get(), "within another one, too");
            panic!("why {}", 7)
        });
        assert_eq!(told.map_err(|panic| message(&*panic).to_owned()), Err::<(), _>("why 7".to_owned()));
        assert!(!IS_CAUGHT.get());
    }
}
