//! The text form of keys and values, as it stands in output files.

/// How a key or value is printed: bytes as they are, integers in decimal, floats with the shortest digits that read back
/// to the same value, tuples with TAB between their parts, lists with commas, `None` and `()` as nothing.
pub trait ToText {
    /// Appends the text form.
    fn write_text(&self, out: &mut Vec<u8>);

    /// Whether there is nothing to print, not even a separator: Hadoop's `NullWritable`.
    fn is_null(&self) -> bool {
        false
    }
}

impl<T: ToText + ?Sized> ToText for &T {
    fn write_text(&self, out: &mut Vec<u8>) {
        (**self).write_text(out);
    }

    fn is_null(&self) -> bool {
        (**self).is_null()
    }
}

macro_rules! bytes_to_text {
    ($($text:ty),+) => {$(
        impl ToText for $text {
            fn write_text(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(self.as_ref());
            }
        }
    )+};
}
bytes_to_text!([u8], Vec<u8>, str, String);

macro_rules! integer_to_text {
    ($($number:ty),+) => {$(
        impl ToText for $number {
            fn write_text(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
            }
        }
    )+};
}
integer_to_text!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128);

macro_rules! float_to_text {
    ($($number:ty),+) => {$(
        impl ToText for $number {
            fn write_text(&self, out: &mut Vec<u8>) {
                out.extend_from_slice(ryu::Buffer::new().format(*self).as_bytes());
            }
        }
    )+};
}
float_to_text!(f32, f64);

impl ToText for bool {
    fn write_text(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

impl<T: ToText> ToText for Option<T> {
    fn write_text(&self, out: &mut Vec<u8>) {
        if let Some(value) = self {
            value.write_text(out);
        }
    }

    fn is_null(&self) -> bool {
        self.as_ref().is_none_or(T::is_null)
    }
}

macro_rules! list_to_text {
    ($($item:ty),+) => {$(
        impl ToText for Vec<$item> {
            fn write_text(&self, out: &mut Vec<u8>) {
                for (i, item) in self.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    item.write_text(out);
                }
            }
        }
    )+};
}
list_to_text!(u32, u64, i32, i64, f32, f64, String);

macro_rules! tuple_to_text {
    ($(($first:ident 0 $(, $part:ident $at:tt)*);)+) => {$(
        impl<$first: ToText $(, $part: ToText)*> ToText for ($first, $($part,)*) {
            fn write_text(&self, out: &mut Vec<u8>) {
                self.0.write_text(out);
                $(
                    out.push(b'\t');
                    self.$at.write_text(out);
                )*
            }
        }
    )+};
}
tuple_to_text! {
    (A 0);
    (A 0, B 1);
    (A 0, B 1, C 2);
    (A 0, B 1, C 2, D 3);
}

impl ToText for () {
    fn write_text(&self, _: &mut Vec<u8>) {}

    fn is_null(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms() {
        let mut out = Vec::new();
        (("a", -1i32, 0.1f64, true), Some(1e300f64)).write_text(&mut out);
        assert_eq!(out, b"a\t-1\t0.1\ttrue\t1e300");
        out.clear();
        vec![0.5f64, 2.0].write_text(&mut out);
        assert_eq!(out, b"0.5,2.0");
        assert!(().is_null() && None::<u8>.is_null() && !"".is_null());
    }
}
