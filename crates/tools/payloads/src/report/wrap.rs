//! Lines that fit a terminal.

/// What a line of a unit's text begins with, before its own words; colours may stand between.
const BAR: char = '│';

/// How far the rest of a line stands to the right of where the line began, in columns.
const INDENT: usize = 2;

/// The fewest columns in which wrapping makes a text more readable.
const LEAST_WIDTH: usize = 20;

/// `text`, whose lines may hold colours, with each line that takes more than `width` columns broken
/// at a space before that, or within a word that takes a whole line. The rest of a line goes on
/// beneath, after the same bar and in the same colour.
///
/// A character counts as a column. That is too little for wide ones, such as Chinese characters,
/// whose lines the terminal then breaks itself.
pub fn wrapped(text: &str, width: usize) -> String {
    let width = width.max(LEAST_WIDTH);
    let mut wrapped = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        // Bytes are at least as many as columns.
        if line.len() <= width {
            wrapped.push_str(line);
        } else {
            push_wrapped(&mut wrapped, line, width);
        }
    }
    wrapped
}

fn push_wrapped(wrapped: &mut String, line: &str, width: usize) {
    let (line, end) = match line.strip_suffix('\n') {
        Some(line) => (line, "\n"),
        None => (line, ""),
    };
    let (bar, line) = split_bar(line);
    let start = columns(bar);
    let words = line.trim_start_matches(' ');
    let indent = (line.len() - words.len() + INDENT).min(width / 2);
    wrapped.push_str(bar);
    let mut color = "";
    let mut left = width - start.min(width / 2);
    let mut rest = line;
    loop {
        let (at, next, color_after) = split_at_column(rest, left, color);
        wrapped.push_str(rest[..at].trim_end_matches(' '));
        rest = &rest[next..];
        if rest.is_empty() {
            break;
        }
        if !color_after.is_empty() {
            wrapped.push_str(OFF);
        }
        color = color_after;
        wrapped.push('\n');
        wrapped.push_str(bar);
        wrapped.push_str(&" ".repeat(indent));
        wrapped.push_str(color);
        left = width.saturating_sub(start + indent).max(1);
    }
    wrapped.push_str(end);
}

/// What ends a colour.
const OFF: &str = "\x1b[0m";

/// A line's beginning up to the space after its bar, if it has one, and the rest.
fn split_bar(line: &str) -> (&str, &str) {
    let blank = |c: char| c == ' ';
    let Some(bar) = line.find(BAR) else {
        return ("", line);
    };
    let mut before = line[..bar].chars();
    let mut in_color = false;
    let only_colors = before.all(|c| match (in_color, c) {
        (false, '\x1b') => {
            in_color = true;
            true
        }
        (true, 'm') => {
            in_color = false;
            true
        }
        (true, _) => true,
        (false, c) => blank(c),
    });
    if !only_colors {
        return ("", line);
    }
    let mut end = bar + BAR.len_utf8();
    if line[end..].starts_with(OFF) {
        end += OFF.len();
    }
    if line[end..].starts_with(' ') {
        end += 1;
    }
    line.split_at(end)
}

/// How many columns a text takes, in which colours take none.
fn columns(text: &str) -> usize {
    let mut in_color = false;
    text.chars()
        .filter(|c| {
            let counts = !in_color && *c != '\x1b';
            in_color = if in_color { *c != 'm' } else { *c == '\x1b' };
            counts
        })
        .count()
}

/// Where to break `text` so that the first part takes at most `width` columns, where the second
/// begins, and the colour there, if the first began in `color`.
fn split_at_column<'t>(text: &'t str, width: usize, color: &'t str) -> (usize, usize, &'t str) {
    let mut color = color;
    let mut at = 0;
    let mut column = 0;
    let mut after_word = false;
    // The last space that has a word before it, and the colour there.
    let mut space = None;
    while let Some(c) = text[at..].chars().next() {
        if c == '\x1b' {
            let end = text[at..].find('m').map_or(text.len(), |end| at + end + 1);
            color = if text[at..end] == *OFF { "" } else { &text[at..end] };
            at = end;
            continue;
        }
        if c == ' ' && after_word {
            space = Some((at, color));
        }
        if column == width {
            let (end, color) = space.unwrap_or((at, color));
            let next = text.len() - text[end..].trim_start_matches(' ').len();
            return (end, next, color);
        }
        after_word |= c != ' ';
        column += 1;
        at += c.len_utf8();
    }
    (text.len(), text.len(), color)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_on_under_its_bar() {
        assert_eq!(
            wrapped("    │ one two three four five\nshort\n", 20),
            "    │ one two three\n    │   four five\nshort\n"
        );
        assert_eq!(wrapped("one two three four fives", 20), "one two three four\n  fives");
        assert_eq!(wrapped("exactly twenty chars\n", 20), "exactly twenty chars\n");
        assert_eq!(
            wrapped("a│b is no bar, only a part of the text\n", 20),
            "a│b is no bar, only\n  a part of the text\n"
        );
    }

    #[test]
    fn a_word_longer_than_a_line_is_broken() {
        assert_eq!(
            wrapped("    │ 0123456789abcdefghijklmnopqrstuvwxyz", 20),
            "    │ 0123456789abcd\n    │   efghijklmnop\n    │   qrstuvwxyz"
        );
        assert_eq!(
            wrapped(&"é".repeat(30), 20),
            format!("{}\n  {}", "é".repeat(20), "é".repeat(10))
        );
    }

    #[test]
    fn a_colour_goes_on_after_the_bar() {
        assert_eq!(
            wrapped("\x1b[2m    │\x1b[0m name  \x1b[2mone two three four\x1b[0m\n", 20),
            "\x1b[2m    │\x1b[0m name  \x1b[2mone two\x1b[0m\n\
             \x1b[2m    │\x1b[0m   \x1b[2mthree four\x1b[0m\n"
        );
    }
}
