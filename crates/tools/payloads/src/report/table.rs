//! Markdown tables whose columns line up.

use std::fmt;

use super::escape::escaped;

/// A table with a heading and rows.
pub struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub fn new(columns: &[&str]) -> Self {
        Self { rows: vec![columns.iter().map(|&column| column.to_owned()).collect()] }
    }

    /// Adds the row of `name`.
    pub fn row(&mut self, name: &str, cells: impl IntoIterator<Item = String>) {
        // A bar would end the cell, and a line end or another control character the table.
        let name = escaped(name).replace('|', "\\|");
        self.rows.push([name].into_iter().chain(cells).collect());
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns = self.rows.first().map_or(0, Vec::len);
        let widths: Vec<usize> = (0..columns)
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
            })
            .collect();
        let numeric: Vec<bool> = (0..columns)
            .map(|column| {
                let mut cells = self.rows.iter().skip(1).filter_map(|row| row.get(column));
                self.rows.len() > 1
                    && cells.all(|cell| cell.starts_with(|first: char| first.is_ascii_digit()))
                    && column > 0
            })
            .collect();
        for (index, row) in self.rows.iter().enumerate() {
            for ((cell, &width), &numeric) in row.iter().zip(&widths).zip(&numeric) {
                if numeric {
                    write!(f, "| {cell:>width$} ")?;
                } else {
                    write!(f, "| {cell:<width$} ")?;
                }
            }
            f.write_str("|\n")?;
            if index == 0 {
                for (&width, &numeric) in widths.iter().zip(&numeric) {
                    let (dashes, end) = if numeric { (width - 1, ":") } else { (width, "") };
                    write!(f, "| {}{end} ", "-".repeat(dashes))?;
                }
                f.write_str("|\n")?;
            }
        }
        Ok(())
    }
}
