//! How far the sources reach, account by account: for the run log, and to tell when they have stopped.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};

use crate::schema::SummaryTable;

/// Dates before the newest one that say whether an account has rows nearly every day.
const DATES_BEFORE: u64 = 28;
/// With rows on at least this many of them, a day without rows is missing, not zero.
const BUSY_DATES: usize = 20;

/// 1970-01-01 in the run log: none, or unknown.
const NO_DATE: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");

/// How far one source reaches, or several together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    /// The newest date of a row; 1970-01-01 without one.
    pub date: NaiveDate,
    /// The newest `last_updated`, in milliseconds since 1970.
    pub update: i64,
}

/// Nothing known.
pub const NOTHING: Newest = Newest { date: NO_DATE, update: 0 };

/// The sources of one account.
#[derive(Clone, Debug, Default)]
struct Sources {
    newest: BTreeMap<String, Newest>,
    /// Dates with campaign or flow rows.
    dates: BTreeSet<NaiveDate>,
}

/// The sources of the accounts of a run.
#[derive(Clone, Debug, Default)]
pub struct SourceReach {
    accounts: BTreeMap<String, Sources>,
    /// Whether every account was looked at.
    is_of_all: bool,
}

impl SourceReach {
    /// Nothing noted yet, of all accounts or of some.
    pub fn new(is_of_all: bool) -> SourceReach {
        SourceReach { is_of_all, ..SourceReach::default() }
    }

    /// Notes what one source has of an account.
    pub fn add(&mut self, account: &str, source: String, newest: Newest, dates: Vec<NaiveDate>) {
        let sources = self.accounts.entry(account.to_owned()).or_default();
        sources.newest.insert(source, newest);
        sources.dates.extend(dates);
    }

    /// How far the sources of this table reach for this account.
    pub fn of_table(&self, account: &str, table: &SummaryTable) -> Newest {
        let Some(sources) = self.accounts.get(account) else { return NOTHING };
        let of_table = sources_of(table).iter().filter_map(|source| sources.newest.get(*source));
        of_table.fold(NOTHING, |newest, source| Newest {
            date: newest.date.max(source.date),
            update: newest.update.max(source.update),
        })
    }

    /// The accounts with a row of this day or a later one in any source.
    pub fn accounts_since(&self, day: NaiveDate) -> impl Iterator<Item = &str> {
        let has_rows = move |sources: &Sources| sources.newest.values().any(|newest| newest.date >= day);
        self.accounts
            .iter()
            .filter(move |(_, sources)| has_rows(sources))
            .map(|(account, _)| account.as_str())
    }

    /// The newest date that any account has in any source; none without a row, or where only some were looked at.
    pub fn end_of_all(&self) -> Option<NaiveDate> {
        let newest = self.accounts.values().flat_map(|sources| sources.newest.values());
        newest.map(|newest| newest.date).max().filter(|_| self.is_of_all)
    }

    /// The accounts whose sources end before this day though they had rows nearly every day, with the newest date.
    pub fn ended_before(&self, last_complete: NaiveDate) -> Vec<(&str, NaiveDate)> {
        let mut ended = Vec::new();
        for (account, Sources { dates, .. }) in &self.accounts {
            let Some(end) = dates.last().copied().filter(|end| *end < last_complete) else { continue };
            if dates.range(end - Days::new(DATES_BEFORE)..end).count() >= BUSY_DATES {
                ended.push((account.as_str(), end));
            }
        }
        ended
    }
}

/// The sources that a table is computed from.
fn sources_of(table: &SummaryTable) -> &'static [&'static str] {
    match table.name.split('_').next() {
        Some("campaign") => &["campaign"],
        Some("flow") => &["flow"],
        Some("form") => &["form"],
        Some("segment") => &["segment"],
        _ => &["campaign", "flow"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    fn reach(account: &str, from: &str, through: &str, last: &str) -> SourceReach {
        let dates = date(from).iter_days().take_while(|day| *day <= date(through)).chain([date(last)]);
        let mut reach = SourceReach::new(true);
        let newest = Newest { date: date(last), update: 7 };
        reach.add(account, "flow".to_owned(), newest, dates.collect());
        reach
    }

    #[test]
    fn twenty_of_the_28_dates_before_the_newest_make_an_end() {
        // The 28 dates before 2024-03-30 are 2024-03-02 to 2024-03-29.
        let busy = reach("acme", "2024-03-02", "2024-03-21", "2024-03-30");
        assert_eq!(busy.ended_before(date("2024-04-05")), [("acme", date("2024-03-30"))]);
        assert!(busy.ended_before(date("2024-03-30")).is_empty(), "the day itself is there");
        let calm = reach("acme", "2024-03-01", "2024-03-20", "2024-03-30");
        assert!(calm.ended_before(date("2024-04-05")).is_empty(), "19: 2024-03-01 does not count");
    }

    #[test]
    fn a_table_reaches_as_far_as_its_sources() {
        let mut reach = reach("acme", "2024-03-01", "2024-03-20", "2024-03-30");
        reach.add("acme", "form".to_owned(), Newest { date: date("2024-03-10"), update: 9 }, Vec::new());
        let of = |name: &str| reach.of_table("acme", SummaryTable::find(name).expect("a table"));
        assert_eq!(of("channel_performance_daily"), Newest { date: date("2024-03-30"), update: 7 });
        assert_eq!(of("form_ai_performance"), Newest { date: date("2024-03-10"), update: 9 });
        assert_eq!(of("segment_ai_trends"), NOTHING);
        assert_eq!(reach.end_of_all(), Some(date("2024-03-30")));
    }

    #[test]
    fn every_table_has_a_source() {
        for table in &crate::schema::TABLES {
            let sources = sources_of(table).iter().map(|source| format!("{source}_statistics_latest"));
            let text = &table.refresh.composed().text;
            for source in sources.filter(|_| table.snapshots.is_empty()) {
                assert!(text.contains(&source), "{}: {source}", table.name);
            }
        }
    }
}
