//! Every threshold of the detector by its name. What they mean for a reader stands in `sql/README.md`.

/// Days whose weekdays make the usual level.
pub const BASELINE_DAYS: usize = 28;
/// Days whose distances tell how far days usually lie from what was expected.
pub const SCALE_DAYS: usize = 56;
/// So many distances at least, or a day is not judged.
pub const SCALE_DAYS_AT_LEAST: usize = 28;
/// Events that closed before so many days stay as they were written.
pub const KEPT_DAYS: usize = 60;
/// Days before those, so that what was open at their beginning is known.
pub const BURN_IN_DAYS: usize = 35;
/// Days that a run reads.
pub const HISTORY_DAYS: usize = BASELINE_DAYS + SCALE_DAYS + BURN_IN_DAYS + KEPT_DAYS;

/// An event opens where days lie so many usual distances below the expected.
pub const ENTER: f64 = 3.2;
/// An event stays open while a day lies so many usual distances off, on the same side.
pub const LEAVE: f64 = 1.5;
/// A rise has to be so many times as far away as a fall: good days are no accidents.
pub const RISE_FACTOR: f64 = 3.0;
/// Days that are judged together.
#[derive(Clone, Copy, Debug)]
pub struct Test {
    /// How many: the last one and those before it.
    pub days: usize,
    /// What their distance is worth of a single day's.
    pub factor: f64,
    /// The least change, as a share of what was expected.
    pub least_change: f64,
    /// So many of the newest distances do not tell yet what is usual.
    pub spared: usize,
}
/// Days of the longest test.
pub const LONGEST_TEST: usize = 7;
/// How amounts are judged: one day has to fall far, several together less.
pub const AMOUNT_TESTS: [Test; 3] = [
    Test { days: 1, factor: 1.0, least_change: 0.4, spared: 0 },
    Test { days: 3, factor: 1.0, least_change: 1.0 / 3.0, spared: 0 },
    Test { days: LONGEST_TEST, factor: 0.5, least_change: 0.25, spared: LONGEST_TEST - 1 },
];
/// How rates are judged.
pub const COUNT_TESTS: [Test; 2] = [
    Test { days: 1, factor: 1.0, least_change: 0.2, spared: 0 },
    Test { days: 3, factor: 0.9, least_change: 0.2, spared: 0 },
];
/// Messages, or revenue of each, that differ by this share are a reason.
pub const REASON_CHANGE: f64 = 0.2;
/// So many days as usual close it.
pub const CALM_DAYS: usize = 2;
/// After so many days what was unusual is the new usual, and the event closes.
pub const NEW_USUAL_DAYS: usize = 14;

/// The least usual distance, about 5 percent.
pub const LEAST_SCALE: f64 = 0.05;
/// From the median of absolute deviations to a standard deviation.
pub const MEDIAN_TO_DEVIATION: f64 = 1.4826;
/// Place of the distance, from the largest, that the tail is measured by.
pub const TAIL_PLACE: usize = 2;
/// From that distance to a standard deviation: where 98 of 100 lie, if they are normal.
pub const TAIL_TO_DEVIATION: f64 = 1.0 / 2.326;

/// Share of the same weekdays' mean in what is expected; the rest follows the level of the last days.
pub const SAME_WEEKDAYS_SHARE: f64 = 0.3;
/// Same weekdays of that mean.
pub const SAME_WEEKDAYS: usize = 4;
/// Weeks that a weekday's share of its week is taken from.
pub const WEEKDAY_WEEKS: usize = 8;
/// How fast the level follows.
pub const LEVEL_SPEED: f64 = 0.3;
/// One day moves the level by at most so many of its usual moves.
pub const LEVEL_CLIP: f64 = 3.0;
/// Added to both sides of a comparison of amounts, as a share of the mean day: small days say little.
pub const AMOUNT_CUSHION: f64 = 0.05;
/// Added to both sides of a comparison of counts behind a rate: few opens say little.
pub const COUNT_CUSHION: f64 = 25.0;

/// A day is judged with so many messages, delivered or expected,
pub const LEAST_MESSAGES: f64 = 1000.0;
/// or with so much of the account's revenue of 28 days at stake.
pub const LEAST_MONEY_SHARE: f64 = 0.01;
/// Revenue and conversions of younger days still grow: they are not judged.
pub const YOUNG_DAYS: i64 = 7;
/// The share of 28-day revenue at stake from which an event is of medium, high or critical severity.
pub const MONEY_SHARES: [f64; 3] = [0.01, 0.03, 0.1];
/// The share of delivered messages from which complaints of spam are high: mailbox providers ask to stay below it.
pub const SPAM_RATE: f64 = 0.003;
/// So many times the distance that opens an event raises its severity by one.
pub const FAR: f64 = 2.0;

/// More than this share of the accounts with the same event on the same day is one event of the source.
pub const SOURCE_SHARE: f64 = 0.2;
/// Where so few accounts are, nothing is an event of the source.
pub const SOURCE_ACCOUNTS_AT_LEAST: usize = 5;
/// So few of them may have it by chance.
pub const SOURCE_FIRING_AT_LEAST: usize = 3;

/// Opens are tracked on a channel where at least this share of its delivered opened in 28 days.
pub const TRACKS_OPENS: f64 = 0.01;
/// Tracking is broken where opens fall to this share of the expected or less,
pub const BROKEN_OPENS: f64 = 0.01;
/// while clicks keep this share of theirs,
pub const LIVING_CLICKS: f64 = 0.25;
/// and mended where opens reach this share again.
pub const MENDED_OPENS: f64 = 0.25;

/// A flow is regular that sent on so many of the 28 days before it fell silent,
pub const REGULAR_DAYS: usize = 20;
/// with so many messages in them,
pub const REGULAR_MESSAGES: f64 = 1000.0;
/// and it has stopped when it is silent for so many days, and for longer than it was in those 28.
pub const SILENT_DAYS: usize = 2;
