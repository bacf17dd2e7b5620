//! Columns that line up. Widths are those of a terminal: a wide character takes two columns, a combining one none, colours none.

use super::style::{DIM, paint};
use unicode_width::UnicodeWidthStr;

/// Rows under a header, columns two spaces apart, nothing after the last column.
pub fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = header.iter().map(|title| width(title)).collect();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            match widths.get_mut(column) {
                Some(widest) => *widest = (*widest).max(width(cell)),
                None => widths.push(width(cell)),
            }
        }
    }
    let mut out = String::new();
    if !header.is_empty() {
        let titles: Vec<String> = header.iter().map(|title| paint(DIM, title)).collect();
        line(&mut out, &titles, &widths);
    }
    for row in rows {
        line(&mut out, row, &widths);
    }
    out
}

fn line(out: &mut String, cells: &[String], widths: &[usize]) {
    let last = cells.iter().rposition(|cell| !cell.is_empty()).unwrap_or(0);
    for (column, cell) in cells.iter().enumerate().take(last + 1) {
        out.push_str(cell);
        if column < last {
            let gap = widths.get(column).copied().unwrap_or(0).saturating_sub(width(cell)) + 2;
            out.push_str(&" ".repeat(gap));
        }
    }
    out.push('\n');
}

/// How many columns a text takes on a terminal, colours left out.
pub fn width(text: &str) -> usize {
    anstream::adapter::strip_str(text).map(UnicodeWidthStr::width).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_no_line_ends_in_spaces() {
        let text = table(&["A", "B"], &[vec!["long".into(), "x".into()], vec![paint(DIM, "é"), String::new()]]);
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(plain, "A     B\nlong  x\né\n");
    }

    #[test]
    fn wide_characters_take_two_columns_and_combining_ones_none() {
        let names = ["漢字", "e\u{301}", "abcd", "👍"];
        let text = table(&[], &names.map(|name| vec![name.to_owned(), "x".to_owned()]));
        assert_eq!(text, "漢字  x\ne\u{301}     x\nabcd  x\n👍    x\n");
    }
}
