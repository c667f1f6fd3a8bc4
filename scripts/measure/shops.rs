//! Made-up shops: three years of daily revenue each, the same in every run.
//!
//! A level that wanders, a weekday's share, a yearly shape, days that depend a little on the day before, promotions of
//! some days, and a few holidays that come every year. How much a day strays is between 6 and 18 percent.

const DAYS: usize = 1092;
const YEAR: usize = 365;

/// Numbers between 0 and 1 that look like chance (xorshift).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn between(&mut self, from: f64, to: f64) -> f64 {
        from + (to - from) * self.next()
    }

    /// Nearly normal, with deviation 1.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.next()).sum::<f64>() - 6.0
    }
}

/// The days of one shop.
pub fn days(shop: u64) -> Vec<f64> {
    let mut chance = Chance((shop + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    (0..16).for_each(|_| _ = chance.next());
    let size = chance.between(5.0, 10.0).exp();
    let strays = chance.between(0.06, 0.18);
    let wanders = 0.012 * (0.4 * chance.normal()).exp();
    let weekday: [f64; 7] = std::array::from_fn(|day| {
        let weekend = if day > 4 { chance.between(0.9, 1.5) } else { 1.0 };
        weekend * (0.06 * chance.normal()).exp()
    });
    let (season, phase) = (chance.between(0.03, 0.15), chance.between(0.0, 6.3));
    let holidays: [(usize, f64); 3] =
        std::array::from_fn(|_| ((chance.next() * YEAR as f64) as usize, (0.35 * chance.normal()).exp()));
    let (mut level, mut before, mut promotion) = (0.0, 0.0, (0, 1.0));
    let day = |day: usize| {
        level = 0.995 * level + wanders * chance.normal();
        before = 0.25 * before + 0.97 * chance.normal();
        if promotion.0 == 0 && chance.next() < 0.003 {
            promotion = (chance.between(2.0, 8.0) as usize, 1.0 - 0.35 * chance.next().max(1e-9).ln());
        }
        let sells = if promotion.0 > 0 { promotion.1 } else { 1.0 };
        promotion.0 = promotion.0.saturating_sub(1);
        let year = season * (std::f64::consts::TAU * day as f64 / YEAR as f64 + phase).sin();
        let holiday = holidays.iter().find(|it| it.0 == day % YEAR).map_or(1.0, |it| it.1);
        let closed = if day % YEAR == 359 { 0.05 } else { 1.0 };
        size * weekday[day % 7] * (year + level + strays * before).exp() * sells * holiday * closed
    };
    (0..DAYS).map(day).collect()
}
