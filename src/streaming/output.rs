//! Writes the records of a job into its parts.
//!
//! | format | what is emitted for the engine to write as it is |
//! |---|---|
//! | `TextOutputFormat` | `key SEPARATOR value LF` |
//! | `SequenceFileOutputFormat` | [records of a file](crate::streaming::sequence_file), the header before the first one |
//! | `NullOutputFormat` | nothing |

use crate::error::{Error, Result};
use crate::job::Emit;
use crate::streaming::records::Form;
use crate::streaming::sequence_file::{Packing, Writer};
use crate::streaming::writable::{Type, Writable};

/// The counter group in which a part tells what was emitted and is no record.
pub const FRAMING: &str = "twinmill.streaming.framing";

/// The counter group in which a part tells the records that were emitted together with another.
pub const TOGETHER: &str = "twinmill.streaming.together";

/// The format of parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutputKind {
    Lines { separator: Vec<u8> },
    Sequence(Packing),
    Nothing,
}

/// The output of a task.
#[derive(Clone, Debug)]
pub struct Output {
    kind: OutputKind,
    /// The form in which its records were cut.
    form: Form,
    /// A part without records stays empty.
    is_lazy: bool,
    writer: Option<Writer>,
    bytes: Vec<u8>,
    /// Records that were emitted together with another.
    together: u64,
}

impl Output {
    /// An output of records that were cut in this form.
    pub fn new(kind: OutputKind, form: Form, is_lazy: bool) -> Self {
        Output { kind, form, is_lazy, writer: None, bytes: Vec::new(), together: 0 }
    }

    /// Begins the part of a task; a file's mark is made of its name.
    pub fn begin(&mut self, task: &str) {
        if let OutputKind::Sequence(packing) = self.kind {
            let types = match self.form {
                Form::Text { .. } => (Type::Text, Type::Text),
                Form::KeyOnly => (Type::Text, Type::Null),
                Form::Raw => (Type::Bytes, Type::Bytes),
                Form::Typed => (Type::Typed, Type::Typed),
            };
            self.writer = Some(Writer::new(types, packing, task));
        }
    }

    /// Emits a record.
    ///
    /// # Errors
    /// The encoder's.
    #[inline]
    pub fn emit(&mut self, key: &[u8], value: &[u8], out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        self.bytes.clear();
        match &self.kind {
            OutputKind::Nothing => return Ok(()),
            OutputKind::Lines { separator } => {
                self.form.show(key, &mut self.bytes);
                if self.form != Form::KeyOnly {
                    self.bytes.extend_from_slice(separator);
                    self.form.show(value, &mut self.bytes);
                }
                self.bytes.push(b'\n');
            }
            OutputKind::Sequence(_) => self.write(key, value)?,
        }
        out.emit(self.bytes.as_slice(), &b""[..]);
        Ok(())
    }

    /// Whether lines of this form are written as they are.
    pub fn takes_lines_of(&self, form: &Form) -> bool {
        match (&self.kind, form) {
            (OutputKind::Lines { separator: written }, Form::Text { separator, fields: 1 }) => written == separator,
            _ => false,
        }
    }

    /// Emits so many records, whole lines.
    pub fn emit_lines(&mut self, lines: &[u8], records: u64, out: &mut impl Emit<[u8], [u8]>) {
        out.emit(lines, &b""[..]);
        self.together += records - 1;
    }

    /// Emits a record of which a part may be missing: it is written without a separator then.
    ///
    /// # Errors
    /// The encoder's.
    pub fn emit_parts(
        &mut self,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        out: &mut impl Emit<[u8], [u8]>,
    ) -> Result<()> {
        match (key, value, &self.kind) {
            (None, None, OutputKind::Lines { .. }) => Ok(()),
            (Some(part), None, OutputKind::Lines { .. }) | (None, Some(part), OutputKind::Lines { .. }) => {
                out.emit([part, b"\n"].concat().as_slice(), &b""[..]);
                Ok(())
            }
            _ => self.emit(key.unwrap_or_default(), value.unwrap_or_default(), out),
        }
    }

    fn write(&mut self, key: &[u8], value: &[u8]) -> Result<()> {
        let Output { form, writer: Some(writer), bytes, .. } = self else { return Ok(()) };
        let of = |part| match form {
            Form::Text { .. } | Form::KeyOnly => Writable::Text(part),
            Form::Raw => Writable::Bytes(part),
            Form::Typed => Writable::Typed(part),
        };
        let value = if *form == Form::KeyOnly { Writable::Null } else { of(value) };
        writer.write(of(key), value, bytes).map_err(encoding)
    }

    /// Emits what is left at the end of a part, and counts it.
    ///
    /// # Errors
    /// The encoder's.
    pub fn finish(&mut self, out: &mut impl Emit<[u8], [u8]>) -> Result<()> {
        out.count(TOGETHER, "records", std::mem::take(&mut self.together));
        let Some(writer) = self.writer.as_mut().filter(|writer| !self.is_lazy || writer.has_begun()) else {
            return Ok(());
        };
        self.bytes.clear();
        writer.finish(&mut self.bytes).map_err(encoding)?;
        if !self.bytes.is_empty() {
            out.emit(self.bytes.as_slice(), &b""[..]);
            out.count(FRAMING, "emitted", 1);
        }
        Ok(())
    }
}

fn encoding(error: std::io::Error) -> Error {
    Error::user(format!("a record cannot be compressed: {error}"))
}
