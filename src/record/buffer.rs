//! Room in buffers for encoded records, which are as long as the input makes them.
//!
//! [`Vec`] ends the process where the system refuses it memory. What is as long as a record asks here first, so that a
//! refusal is an error of the task.

use crate::error::{Error, Result};

/// Makes room for `more` bytes behind those of the buffer. `what` they are for is part of the error.
///
/// # Errors
/// [`Error::MemoryRefused`].
pub(crate) fn make_room(buffer: &mut Vec<u8>, more: usize, what: &'static str) -> Result<()> {
    buffer.try_reserve_exact(more).map_err(|_| Error::refused(what, more))
}

/// Replaces the content of the buffer by a copy of `bytes`.
///
/// # Errors
/// [`Error::MemoryRefused`].
#[inline(always)]
pub(crate) fn replace(buffer: &mut Vec<u8>, bytes: &[u8], what: &'static str) -> Result<()> {
    buffer.clear();
    if bytes.len() > buffer.capacity() {
        make_room(buffer, bytes.len(), what)?;
    }
    buffer.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_that_no_system_has_is_an_error_and_the_bytes_stay() {
        let mut buffer = b"key".to_vec();
        for more in [usize::MAX, 1 << 62] {
            let refused = make_room(&mut buffer, more, "a key");
            assert!(matches!(refused, Err(Error::MemoryRefused { what: "a key", bytes }) if bytes == more));
        }
        assert_eq!(buffer, b"key");
    }

    #[test]
    fn a_replaced_buffer_holds_the_new_bytes_alone() {
        let mut buffer = Vec::new();
        for bytes in [&b"a longer key"[..], b"", b"key"] {
            replace(&mut buffer, bytes, "a key").unwrap();
            assert_eq!(buffer, bytes);
        }
    }
}
