//! A chart in pixels, the same on every machine: its letters are those of a font that the program brings, and no font of
//! the system is looked for.

use std::sync::{Arc, LazyLock};

use anyhow::{Context, Result};
use resvg::tiny_skia::{Color, Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use super::Chart;

/// The font: letters of western languages, signs of currencies. Its licence stands beside it.
const FONT: &[u8] = include_bytes!("font/inter.ttf");
/// Its name within itself.
const FAMILY: &str = "Inter";
/// Stands for a letter that the font does not have.
const NO_LETTER: char = '□';
/// The marks of a chart. Their colours are variables of the page.
const MARKS: &str = include_str!("chart.css");
/// The page's style begins with the colours of the light page.
const PAGE: &str = include_str!("../page.css");

static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut fonts = Database::new();
    fonts.load_font_data(FONT.to_vec());
    Options {
        fontdb: Arc::new(fonts),
        font_family: FAMILY.to_owned(),
        style_sheet: Some(colored(MARKS)),
        ..Options::default()
    }
});

impl Chart {
    /// The chart as a PNG image on white, a unit being so many pixels.
    pub fn png(&self, scale: f32) -> Result<Vec<u8>> {
        self.pixels(scale)?.encode_png().context("cannot write the image")
    }

    fn pixels(&self, scale: f32) -> Result<Pixmap> {
        let (width, height) = (self.width as f32 * scale, self.height as f32 * scale);
        let mut pixels = Pixmap::new(width.ceil() as u32, height.ceil() as u32)
            .with_context(|| format!("an image of {width} by {height} pixels cannot be drawn"))?;
        pixels.fill(Color::WHITE);
        let tree = Tree::from_str(&self.alone(), &OPTIONS).context("the chart is no drawing")?;
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixels.as_mut());
        Ok(pixels)
    }

    /// The drawing as a document of its own.
    fn alone(&self) -> String {
        let marks: String = self.marks.0.chars().map(drawable).collect();
        let (width, height) = (self.width, self.height);
        format!(r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">{marks}</svg>"#)
    }
}

/// Marks with the colours of the light page in place of their names.
fn colored(marks: &str) -> String {
    let colors = PAGE.split(['{', '}']).nth(1).unwrap_or_default();
    let colors = colors.split(';').filter_map(|color| color.split_once(':'));
    colors.fold(marks.to_owned(), |marks, (name, color)| marks.replace(&format!("var({name})"), color))
}

/// The letter, if the font has it.
fn drawable(letter: char) -> char {
    let is_there = matches!(letter,
        ' '..='~' | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{148}' | '\u{14a}'..='\u{17f}'
        | '\u{2010}'..='\u{2015}' | '\u{2018}'..='\u{201e}' | '…'
        | '\u{20a0}'..='\u{20af}' | '\u{20b1}'..='\u{20b5}' | '\u{20b8}'..='\u{20ba}' | '\u{20bc}'..='\u{20bf}'
        | '\u{2190}'..='\u{2193}' | '−' | '■' | '□' | '▲' | '▼' | '●');
    if is_there { letter } else { NO_LETTER }
}

#[cfg(test)]
mod tests {
    use maud::{PreEscaped, html};
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::report::chart::{Anchor, line, rectangle, text};

    fn chart(width: f64, marks: maud::Markup) -> Chart {
        Chart { told: "told".to_owned(), width, height: 20.0, marks }
    }

    fn hash(pixels: &Pixmap) -> String {
        Sha256::digest(pixels.data()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn an_image_has_the_same_pixels_on_every_machine() {
        let chart = chart(
            120.0,
            html! {
                (rectangle("one", 0.5, 4.0, 10.0, 12.0))
                (rectangle("two", 20.0, 4.0, 10.0, 12.0))
                (rectangle("open", 38.0, 2.0, 14.0, 14.0))
                (line("grid", (0.0, 10.0), (120.0, 12.0)))
                circle class="hollow" cx="70" cy="10" r="5" {}
                (text(118.0, 14.0, Anchor::End, "label", "€1.5k"))
            },
        );
        let pixels = chart.pixels(2.0).expect("pixels");
        assert_eq!((pixels.width(), pixels.height()), (240, 40));
        assert_eq!(hash(&pixels), hash(&chart.pixels(2.0).expect("pixels")));
        assert_eq!(hash(&pixels), "99a364d96c716c32a90d7c11f68acdf417eda0434ec6d536f777d860accfcc66");
        // The filled rectangle is of the page's colour, on white.
        let color = |x, y| pixels.pixel(x, y).map(|pixel| (pixel.red(), pixel.green(), pixel.blue()));
        assert_eq!((color(10, 10), color(0, 0)), (Some((0x1d, 0x4f, 0x80)), Some((255, 255, 255))));
        let png = chart.png(2.0).expect("an image");
        assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"), "{} bytes", png.len());
    }

    #[test]
    fn a_letter_is_of_our_font_or_a_box() {
        let blank = hash(&chart(60.0, html! {}).pixels(1.0).expect("pixels"));
        let of = |letter: char| {
            let words = [letter, letter, letter].iter().collect::<String>();
            hash(&chart(60.0, text(2.0, 14.0, Anchor::Start, "label", &words)).pixels(1.0).expect("pixels"))
        };
        let missing = of(NO_LETTER);
        assert_ne!(missing, blank);
        for letter in "aZ09ßéłŞ€£₪₹¥₩₦₱₺₴₫$%–−▲▼■…“”".chars() {
            assert!(![&blank, &missing].contains(&&of(letter)), "{letter}");
        }
        for letter in "青א🎁\u{202e}\u{ffff}\0".chars() {
            assert_eq!(of(letter), missing, "{letter:?}");
        }
        // Whatever a label says, the drawing is one.
        let words = "</text></svg><svg onload=x>&<![CDATA[ \u{1b}";
        let drawn = chart(60.0, text(2.0, 14.0, Anchor::Start, "label", words));
        drawn.png(1.0).expect("an image");
        assert!(chart(60.0, PreEscaped("<rect".to_owned())).png(1.0).is_err(), "no drawing");
    }
}
