//! Numbers as digits, without the work that `std`'s formatting has with each argument: a heading has
//! several, and a large capture many headings.

/// The most digits of a number.
const MOST: usize = 20;

/// Appends `number` with at least so many digits.
pub(super) fn push_digits(text: &mut String, mut number: u64, least: usize) {
    let mut digits = [b'0'; MOST];
    let mut at = MOST;
    while number > 0 || MOST - at < least.min(MOST) {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    // They are digits.
    text.push_str(std::str::from_utf8(&digits[at..]).unwrap_or_default());
}

/// Appends `number`.
pub(super) fn push_number(text: &mut String, number: u64) {
    push_digits(text, number, 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_that_the_standard_library_writes() {
        for number in [0, 1, 9, 10, 99, 100, 65_535, 999_999, u64::MAX - 1, u64::MAX] {
            for least in [1, 2, 6, 20] {
                let mut text = String::from("in ");
                push_digits(&mut text, number, least);
                assert_eq!(text, format!("in {number:0least$}"));
            }
        }
    }
}
