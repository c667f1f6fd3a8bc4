//! What the forms of a chart mean: a mark and its words, one after the other, in as many lines as it takes.

use maud::{Markup, html};

use super::{Anchor, LETTER, number, rectangle, text};

/// Height of a line.
const LINE: f64 = 20.0;
/// A mark and the space after it.
const MARK: f64 = 18.0;

/// A mark.
#[derive(Clone, Copy)]
pub enum Mark {
    /// A square of this class.
    Square(&'static str),
    /// A circle of this class.
    Circle(&'static str),
}

/// Entries with their places.
pub struct Legend<'a> {
    placed: Vec<(f64, f64, Mark, &'a str)>,
    /// Of all lines.
    pub height: f64,
}

impl<'a> Legend<'a> {
    /// Places entries between these sides.
    pub fn within(entries: &[(Mark, &'a str)], (left, right): (f64, f64)) -> Legend<'a> {
        let (mut x, mut y) = (left, 0.0);
        let mut placed = Vec::new();
        for (mark, words) in entries {
            let width = MARK + (words.chars().count() as f64 + 1.0) * LETTER;
            if x > left && x + width - LETTER > right {
                (x, y) = (left, y + LINE);
            }
            placed.push((x, y, *mark, *words));
            x += width;
        }
        Legend { height: if placed.is_empty() { 0.0 } else { y + LINE }, placed }
    }

    /// Draws it below this place.
    pub fn draw(&self, top: f64) -> Markup {
        html! {
            @for (x, y, mark, words) in &self.placed {
                @let y = top + y;
                @match mark {
                    Mark::Square(class) => (rectangle(class, *x, y, 12.0, 12.0)),
                    Mark::Circle(class) => {
                        circle class=(class) cx=(number(x + 6.0)) cy=(number(y + 6.0)) r="5" {}
                    }
                }
                (text(x + MARK, y + 11.0, Anchor::Start, "label", words))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_room_goes_to_the_next_line() {
        let entries = [(Mark::Square("one"), "nine abcd"), (Mark::Circle("hollow"), "few")];
        // 18 and ten letters are 98; 18 and four more 50, of which the last is space.
        assert_eq!(Legend::within(&entries, (0.0, 140.0)).height, 20.0);
        let narrow = Legend::within(&entries, (0.0, 139.0));
        assert_eq!(narrow.height, 40.0);
        let drawn = narrow.draw(6.0).into_string();
        assert!(drawn.contains(r#"cx="6" cy="32""#) && drawn.contains(r#"y="17""#), "{drawn}");
        assert_eq!(Legend::within(&[], (0.0, 9.0)).height, 0.0);
    }
}
