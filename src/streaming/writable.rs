//! Keys and values of inputs, of the types that Hadoop's formats have.
//!
//! Each is written in three ways: as text, which is what most programs read; as Hadoop serialises it, in records of
//! `rawbytes`; and as a typed value, in records of `typedbytes`.

use std::io::Write;

use crate::streaming::aggregate::java_double;
use crate::streaming::records::Form;
use crate::streaming::varint;

/// A key or a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Writable<'a> {
    Text(&'a [u8]),
    Bytes(&'a [u8]),
    /// A value with its type, of `TypedBytesWritable`.
    Typed(&'a [u8]),
    Null,
    Boolean(bool),
    Byte(i8),
    Int(i32),
    /// An `IntWritable` of variable length, and a `LongWritable` of that kind.
    VarInt(i32),
    VarLong(i64),
    Long(i64),
    Float(f32),
    Double(f64),
}

/// A type of Hadoop's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Text,
    Bytes,
    Typed,
    Null,
    Boolean,
    Byte,
    Int,
    VarInt,
    VarLong,
    Long,
    Float,
    Double,
}

const TYPES: [(&str, Type); 12] = [
    ("org.apache.hadoop.io.Text", Type::Text),
    ("org.apache.hadoop.io.BytesWritable", Type::Bytes),
    ("org.apache.hadoop.typedbytes.TypedBytesWritable", Type::Typed),
    ("org.apache.hadoop.io.NullWritable", Type::Null),
    ("org.apache.hadoop.io.BooleanWritable", Type::Boolean),
    ("org.apache.hadoop.io.ByteWritable", Type::Byte),
    ("org.apache.hadoop.io.IntWritable", Type::Int),
    ("org.apache.hadoop.io.VIntWritable", Type::VarInt),
    ("org.apache.hadoop.io.VLongWritable", Type::VarLong),
    ("org.apache.hadoop.io.LongWritable", Type::Long),
    ("org.apache.hadoop.io.FloatWritable", Type::Float),
    ("org.apache.hadoop.io.DoubleWritable", Type::Double),
];

impl Type {
    /// The type of this class.
    pub fn of_class(class: &str) -> Option<Self> {
        TYPES.iter().find(|(name, _)| *name == class).map(|(_, kind)| *kind)
    }

    /// Its class.
    pub fn class(self) -> &'static str {
        TYPES.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| *name)
    }

    /// The classes that are known.
    pub fn known() -> String {
        TYPES.map(|(name, _)| name.rsplit('.').next().unwrap_or(name)).join(", ")
    }

    /// Reads a value from the bytes that Hadoop wrote of it; `None` where they are of another length.
    pub fn read(self, bytes: &[u8]) -> Option<Writable<'_>> {
        /// The bytes behind a length, which are all of the rest.
        fn counted(bytes: &[u8]) -> Option<&[u8]> {
            let (length, rest) = bytes.split_first_chunk::<4>()?;
            (u32::from_be_bytes(*length) as usize == rest.len()).then_some(rest)
        }
        fn whole(bytes: &[u8]) -> Option<i64> {
            varint::read(bytes).filter(|(_, used)| *used == bytes.len()).map(|(number, _)| number)
        }
        Some(match self {
            Type::Text => {
                let (length, used) = varint::read(bytes)?;
                let text = &bytes[used..];
                (length == text.len() as i64).then_some(Writable::Text(text))?
            }
            Type::Bytes => Writable::Bytes(counted(bytes)?),
            Type::Typed => Writable::Typed(counted(bytes)?),
            Type::Null => bytes.is_empty().then_some(Writable::Null)?,
            Type::Boolean => Writable::Boolean(<[u8; 1]>::try_from(bytes).ok()?[0] != 0),
            Type::Byte => Writable::Byte(i8::from_be_bytes(bytes.try_into().ok()?)),
            Type::Int => Writable::Int(i32::from_be_bytes(bytes.try_into().ok()?)),
            Type::VarInt => Writable::VarInt(whole(bytes)?.try_into().ok()?),
            Type::VarLong => Writable::VarLong(whole(bytes)?),
            Type::Long => Writable::Long(i64::from_be_bytes(bytes.try_into().ok()?)),
            Type::Float => Writable::Float(f32::from_be_bytes(bytes.try_into().ok()?)),
            Type::Double => Writable::Double(f64::from_be_bytes(bytes.try_into().ok()?)),
        })
    }
}

impl<'a> Writable<'a> {
    /// Its bytes where a program is given those as they are.
    pub fn plain(&self) -> Option<&'a [u8]> {
        match self {
            Writable::Text(bytes) | Writable::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// Appends it as `TextInputWriter` writes it for a program.
    pub fn show(&self, out: &mut Vec<u8>) {
        match self {
            Writable::Text(bytes) | Writable::Bytes(bytes) | Writable::Typed(bytes) => out.extend_from_slice(bytes),
            _ => self.write_java_string(out),
        }
    }

    /// Appends what Java's `toString` makes of it.
    pub fn write_java_string(&self, out: &mut Vec<u8>) {
        // Writing to a vector cannot fail.
        let _ = match self {
            Writable::Text(bytes) => out.write_all(bytes),
            Writable::Typed(typed) => {
                Form::Typed.show(typed, out);
                Ok(())
            }
            Writable::Bytes(bytes) => {
                for (at, byte) in bytes.iter().enumerate() {
                    let _ = write!(out, "{}{byte:02x}", if at > 0 { " " } else { "" });
                }
                Ok(())
            }
            Writable::Null => out.write_all(b"(null)"),
            Writable::Boolean(is) => write!(out, "{is}"),
            Writable::Byte(number) => write!(out, "{number}"),
            Writable::Int(number) | Writable::VarInt(number) => write!(out, "{number}"),
            Writable::Long(number) | Writable::VarLong(number) => write!(out, "{number}"),
            // The shortest digits of a float are fewer than those of the same number as a double.
            Writable::Float(number) => {
                let shortest = format!("{number:e}").parse().unwrap_or(f64::from(*number));
                write!(out, "{}", java_double(shortest))
            }
            Writable::Double(number) => write!(out, "{}", java_double(*number)),
        };
    }

    /// Appends it as a record of `rawbytes` has it: as Hadoop serialises it, but bytes without their length.
    pub fn write_raw(&self, out: &mut Vec<u8>) {
        match self {
            Writable::Bytes(bytes) | Writable::Typed(bytes) => out.extend_from_slice(bytes),
            _ => self.serialise(out),
        }
    }

    /// Appends it as Hadoop serialises it.
    pub fn serialise(&self, out: &mut Vec<u8>) {
        match self {
            Writable::Text(text) => {
                varint::write(text.len() as i64, out);
                out.extend_from_slice(text);
            }
            Writable::Bytes(bytes) | Writable::Typed(bytes) => {
                out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
                out.extend_from_slice(bytes);
            }
            Writable::Null => {}
            Writable::Boolean(is) => out.push(u8::from(*is)),
            Writable::Byte(number) => out.extend_from_slice(&number.to_be_bytes()),
            Writable::Int(number) => out.extend_from_slice(&number.to_be_bytes()),
            Writable::VarInt(number) => varint::write(i64::from(*number), out),
            Writable::VarLong(number) => varint::write(*number, out),
            Writable::Long(number) => out.extend_from_slice(&number.to_be_bytes()),
            Writable::Float(number) => out.extend_from_slice(&number.to_be_bytes()),
            Writable::Double(number) => out.extend_from_slice(&number.to_be_bytes()),
        }
    }

    /// Appends it as a typed value.
    pub fn write_typed(&self, out: &mut Vec<u8>) {
        fn fixed(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
            out.push(kind);
            out.extend_from_slice(bytes);
        }
        fn counted(kind: u8, bytes: &[u8], out: &mut Vec<u8>) {
            fixed(kind, &(bytes.len() as u32).to_be_bytes(), out);
            out.extend_from_slice(bytes);
        }
        match self {
            Writable::Typed(typed) => out.extend_from_slice(typed),
            Writable::Bytes(bytes) => counted(0, bytes, out),
            Writable::Text(text) => counted(7, text, out),
            Writable::Byte(number) => fixed(1, &number.to_be_bytes(), out),
            Writable::Boolean(is) => fixed(2, &[u8::from(*is)], out),
            Writable::Int(number) | Writable::VarInt(number) => fixed(3, &number.to_be_bytes(), out),
            Writable::Long(number) | Writable::VarLong(number) => fixed(4, &number.to_be_bytes(), out),
            Writable::Float(number) => fixed(5, &number.to_be_bytes(), out),
            Writable::Double(number) => fixed(6, &number.to_be_bytes(), out),
            // A type that has none: its class, and what it serialises to, which is nothing.
            Writable::Null => {
                let class = Type::Null.class().as_bytes();
                counted(50, &[&(class.len() as u32).to_be_bytes()[..], class].concat(), out);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_as_they_are_serialised_and_shown_as_java_shows_them() {
        for (kind, value, shown) in [
            (Type::Text, Writable::Text("é".as_bytes()), "é"),
            (Type::Bytes, Writable::Bytes(b"\x01\xff"), "01 ff"),
            (Type::Null, Writable::Null, "(null)"),
            (Type::Boolean, Writable::Boolean(true), "true"),
            (Type::Byte, Writable::Byte(-3), "-3"),
            (Type::Int, Writable::Int(-70_000), "-70000"),
            (Type::VarInt, Writable::VarInt(1000), "1000"),
            (Type::VarLong, Writable::VarLong(-1_000_000_000_000), "-1000000000000"),
            (Type::Long, Writable::Long(1 << 40), "1099511627776"),
            (Type::Float, Writable::Float(0.1), "0.1"),
            (Type::Double, Writable::Double(1e7), "1.0E7"),
        ] {
            let mut bytes = Vec::new();
            value.serialise(&mut bytes);
            assert_eq!(kind.read(&bytes), Some(value));
            bytes.push(0);
            assert_eq!(kind.read(&bytes), None, "{kind:?} with a byte too many");
            let mut text = Vec::new();
            value.write_java_string(&mut text);
            assert_eq!(String::from_utf8(text).unwrap(), shown);
            assert_eq!(Type::of_class(kind.class()), Some(kind));
        }
    }

    #[test]
    fn typed_values_begin_with_their_type() {
        let typed = |value: Writable<'_>| {
            let mut out = Vec::new();
            value.write_typed(&mut out);
            out
        };
        assert_eq!(typed(Writable::Text(b"ab")), b"\x07\0\0\0\x02ab");
        assert_eq!(typed(Writable::Long(5)), b"\x04\0\0\0\0\0\0\0\x05");
        assert_eq!(typed(Writable::Typed(b"\x03\0\0\0\x01")), b"\x03\0\0\0\x01");
        assert_eq!(typed(Writable::Boolean(false)), b"\x02\0");
    }
}
