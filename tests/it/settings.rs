//! A user's settings profile: it changes neither numbers nor whether a verb works.

use std::collections::BTreeMap;

use aiviews::account::AccountId;
use aiviews::context::{self, Format};
use aiviews::db::Db;
use aiviews::db::retry::RetryPolicy;
use aiviews::db::settings::{MEANING, WRITING};
use aiviews::exit::stop::Stop;
use aiviews::question::QUESTIONS;
use aiviews::refresh::Options;
use aiviews::schema::verify;
use aiviews::schema::{ALERT_TABLES, OUTLOOK_TABLES, TABLES, VIEWS, all_views};
use aiviews::seed::{self, Size};
use aiviews::status;
use indicatif::ProgressBar;

use crate::support::{self, execute, rows};

/// A profile: settings that a user's statements begin with.
type Profile = Vec<(String, String)>;

/// Each part of what the program says and writes, by its name.
type Told = BTreeMap<String, String>;

/// A database with synthetic sources and nothing else.
async fn world(test: &str) -> Db {
    let db = support::database(test).await;
    let (_sender, stop) = Stop::by_hand();
    let size = Size { accounts: 1, days: 60, seed: 7, stories: false, known_on: None };
    seed::seed(&db, size, &stop, &ProgressBar::hidden()).await.expect("seed");
    db
}

/// The database as a user with this profile meets it: not yet asked for anything.
fn bare(db: &Db, profile: &Profile) -> Db {
    let mut client = support::client().with_database(db.database());
    for (name, value) in profile {
        client = client.with_setting(name, value);
    }
    Db::new(client, "test engine", &format!("{}_user", db.run_id()), quick())
}

fn quick() -> RetryPolicy {
    RetryPolicy { transient_tries: 1, slow_tries: 1, ..RetryPolicy::default() }
}

async fn accounts(db: &Db) -> Vec<AccountId> {
    let ids = rows(db, "SELECT DISTINCT klaviyo_public_id FROM flow_statistics ORDER BY 1").await;
    ids.iter().map(|id| AccountId::new(&id[0]).expect("an id")).collect()
}

/// Times of the day differ from run to run; dates do not.
fn without_times(text: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(':') {
        let is_time = at >= 2 && rest.as_bytes()[at - 2..at].iter().all(u8::is_ascii_digit);
        left.push_str(&rest[..if is_time { at - 2 } else { at + 1 }]);
        rest = if is_time {
            rest[at..].trim_start_matches(|c: char| c.is_ascii_digit() || c == ':')
        } else {
            &rest[at + 1..]
        };
    }
    left + rest
}

fn noted(told: &mut Told, part: impl Into<String>, outcome: anyhow::Result<String>) {
    let text = outcome.unwrap_or_else(|error| format!("error: {error:#}"));
    told.insert(part.into(), without_times(&text));
}

/// Makes the tables and fills them as a user with this profile, asks for all that can be asked, and reads the tables
/// with a connection that is not the user's.
async fn everything(clean: &Db, profile: &Profile) -> Told {
    let mut told = Told::new();
    let others = ["ai_refresh_log", "ai_schema_ledger", "ai_chat_log", "ai_notes", "ai_saved_questions"];
    let others =
        others.into_iter().chain(OUTLOOK_TABLES.iter().chain(&ALERT_TABLES).map(|table| table.object()));
    for table in TABLES.iter().map(|table| table.name).chain(others) {
        execute(clean, format!("DROP TABLE IF EXISTS {table} SYNC")).await;
    }
    for view in all_views() {
        execute(clean, format!("DROP VIEW IF EXISTS {} SYNC", view.object())).await;
    }
    let mut user = bare(clean, profile);
    noted(&mut told, "probe", user.probe().await.map(|()| String::new()));
    noted(&mut told, "migrate", migrate(&user).await);
    noted(&mut told, "migrated", verify::verify(clean).await.map(|report| format!("{:?}", report.findings)));
    noted(&mut told, "populate", populate(&user).await);
    for table in &TABLES {
        let text = format!("SELECT * EXCEPT updated_at FROM {} ORDER BY ALL FORMAT TSV", table.name);
        let read = clean.statement(&support::sql(text)).fetch_format("TSV").await;
        noted(&mut told, table.name, read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    }
    let log = "SELECT klaviyo_public_id, table_name, state, rows_written, rows_kept, error FROM ai_refresh_log FINAL ORDER BY ALL";
    let log = clean.statement(&support::sql(log)).fetch_format("TSV").await;
    noted(&mut told, "log", log.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    noted(&mut told, "verify", verify::verify(&user).await.map(|report| format!("{:?}", report.findings)));
    noted(&mut told, "status", read_status(&user).await);
    let accounts = accounts(clean).await;
    for question in QUESTIONS.iter() {
        let values = match question.name {
            "flow_across_stores" => question.values(&[("flow".to_owned(), "welcome".to_owned())]),
            "campaign" => question.values(&[("campaign".to_owned(), "a".to_owned())]),
            _ => question.values(&[]),
        };
        let answer = question.ask(&user, &accounts, &values.expect("values")).await;
        noted(
            &mut told,
            question.name,
            answer.map(|answer| format!("{:?} {:?}", answer.columns, answer.rows)),
        );
    }
    noted(&mut told, "context", read_context(&user, &accounts[0]).await);
    told
}

async fn migrate(db: &Db) -> anyhow::Result<String> {
    let (_sender, stop) = Stop::by_hand();
    let survey = aiviews::schema::migrate::Survey::read(db).await?;
    let plan =
        aiviews::schema::migrate::plan(&survey.differences(), aiviews::schema::migrate::Rebuilds::Leave);
    aiviews::schema::migrate::execute(db, &plan.actions, &stop, |_, _| {}).await?;
    Ok(format!("{} actions", plan.actions.len()))
}

async fn populate(db: &Db) -> anyhow::Result<String> {
    let options = Options {
        accounts: Vec::new(),
        days: 30,
        as_of: None,
        tables: TABLES.iter().collect(),
        resume: false,
        allow_shrink: false,
        accounts_per_batch: None,
    };
    let report = support::refresh(db, &options).await?;
    Ok(format!(
        "{} {:?} {:?} {:?} {:?}",
        report.published, report.failed, report.held_back, report.rows_written, report.rows_rejected
    ))
}

async fn read_status(db: &Db) -> anyhow::Result<String> {
    let mut status = status::read(db, std::time::Duration::from_secs(3600)).await?;
    let runs: Vec<u64> = status.runs.iter().map(|run| run.rows_written).collect();
    status.runs.clear();
    Ok(format!("{runs:?} {}", serde_json::to_string(&status)?))
}

async fn read_context(db: &Db, account: &AccountId) -> anyhow::Result<String> {
    context::within(context::of_account(db, account).await?, Format::Text, 100_000)
}

/// The rows of the helper views as a chatbot with this profile gets them.
async fn views(clean: &Db, profile: &Profile) -> Told {
    let reader = bare(clean, profile);
    let mut told = Told::new();
    for view in VIEWS.iter() {
        let sql = support::sql(format!("SELECT * FROM {}", view.object()));
        let answer = reader.statement(&sql).fetch_format("TabSeparated").await;
        let sorted = answer.map(|bytes| {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            lines.join("\n")
        });
        noted(&mut told, view.object(), sorted);
    }
    told
}

/// The parts that differ, each with the first place where it does.
fn differences(expected: &Told, found: &Told) -> Vec<String> {
    let differing = expected.iter().filter(|(part, text)| found.get(*part) != Some(text));
    let shown = |(part, text): (&String, &String)| {
        let found = found.get(part).map_or("nothing", String::as_str);
        let same = text.chars().zip(found.chars()).take_while(|(left, right)| left == right).count();
        let excerpt =
            |text: &str| -> String { text.chars().skip(same.saturating_sub(20)).take(160).collect() };
        let found =
            if found.starts_with("error") { found.chars().take(400).collect() } else { excerpt(found) };
        format!("{part}: {} | {found}", excerpt(text))
    };
    differing.map(shown).collect()
}

/// Another value of a setting than the usual one.
fn turned(name: &str, kind: &str, value: &str) -> Vec<&'static str> {
    match (name, kind) {
        // By this the engine says that it is the cloud's. The other is a second name of a setting that we state.
        ("cloud_mode" | "allow_experimental_analyzer", _) => vec![],
        ("readonly" | "allow_ddl", _) => vec![],
        // The engine of the tests lets nobody change these.
        ("format_capn_proto_use_autogenerated_schema" | "format_protobuf_use_autogenerated_schema", _) => {
            vec![]
        }
        ("compatibility", _) => vec!["21.3", "22.8", "23.8", "24.8"],
        ("session_timezone", _) => vec!["Etc/GMT+12", "Etc/GMT-14"],
        ("limit" | "offset", _) => vec!["1"],
        ("additional_result_filter", _) => vec!["0"],
        ("additional_table_filters", _) => vec!["{'flow_ai_summary': '0'}"],
        ("count_distinct_implementation", _) => vec!["uniq"],
        ("join_algorithm", _) => {
            vec!["partial_merge", "full_sorting_merge", "grace_hash", "auto", "prefer_partial_merge"]
        }
        (
            "max_block_size"
            | "group_by_two_level_threshold"
            | "max_bytes_before_external_group_by"
            | "max_bytes_before_external_sort"
            | "max_threads"
            | "preferred_block_size_bytes"
            | "max_insert_block_size"
            | "min_insert_block_size_rows"
            | "min_insert_block_size_bytes",
            _,
        ) => vec!["1"],
        ("format_tsv_null_representation", _) => vec!["x"],
        ("bool_true_representation", _) => vec!["x"],
        (_, "Bool" | "BoolAuto") if value == "1" => vec!["0"],
        (_, "Bool" | "BoolAuto") => vec!["1"],
        (_, "OverflowMode") => vec!["break"],
        (_, "OverflowModeGroupBy") => vec!["break", "any"],
        (_, "SetOperationMode") => vec!["DISTINCT", "ALL"],
        (_, "JoinStrictness") => vec!["ANY"],
        (_, "TotalsMode") => vec!["before_having"],
        (_, "DateTimeOutputFormat") => vec!["iso", "unix_timestamp"],
        (_, "DateTimeInputFormat") => vec!["basic"],
        (_, "DateTimeOverflowBehavior") => vec!["throw", "saturate"],
        (_, "ShortCircuitFunctionEvaluation") => vec!["disable", "force_enable"],
        (_, "DefaultTableEngine") => vec!["None", "Memory", "Log"],
        (_, "SQLSecurityType") => vec!["DEFINER", "NONE", "INVOKER"],
        (_, "DeduplicateInsertMode") => vec!["disable", "backward_compatible_choice"],
        (_, "DeduplicateInsertSelectMode") => vec!["disable", "force_enable", "enable_even_for_bad_queries"],
        (_, "LightweightDeleteMode") => vec!["lightweight_update_force"],
        (_, "DecorrelationJoinKind") => vec!["left"],
        (_, "IdentifierQuotingRule") => vec!["always", "user_display"],
        (_, "IdentifierQuotingStyle") => vec!["DoubleQuotes"],
        (_, "DistributedProductMode") => vec!["global"],
        (_, "QueryResultCacheNondeterministicFunctionHandling" | "QueryResultCacheSystemTableHandling") => {
            vec!["ignore"]
        }
        (_, "DistributedDDLOutputMode") => vec!["none"],
        (_, "LogsLevel") => vec!["trace"],
        _ => vec![],
    }
}

/// All settings that we state, each at another value than ours; in long runs every setting of the engine as well, in
/// groups: those of a group that makes a difference are tried one by one.
#[tokio::test(flavor = "multi_thread")]
async fn no_setting_of_a_profile_changes_what_is_told_or_written() {
    let clean = world("profiles").await;
    let expected = everything(&clean, &Profile::new()).await;
    let candidates = candidates(&clean).await;
    let is_ours = |name: &str| MEANING.iter().chain(WRITING).any(|setting| setting.name == name);
    let ours: Vec<_> = candidates.iter().filter(|(name, _)| is_ours(name)).cloned().collect();
    let mut groups = in_groups(&ours, usize::MAX);
    assert!(groups[0].len() > 30, "{groups:?}");
    groups.truncate(1);
    if std::env::var_os("AIVIEWS_TEST_LONG").is_some() {
        groups.extend(in_groups(&candidates, 24));
    }
    let mut found = Vec::new();
    for (number, group) in groups.iter().enumerate() {
        println!("group {} of {}", number + 1, groups.len());
        culprits(&clean, &expected, group, &mut found).await;
    }
    support::drop_database(&clean).await;
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Those of a group that make a difference, each alone or, where it takes several, together.
async fn culprits(clean: &Db, expected: &Told, group: &[(String, String)], found: &mut Vec<String>) {
    let differing = differences(expected, &everything(clean, &group.to_vec()).await);
    if differing.is_empty() {
        return;
    }
    let before = found.len();
    if group.len() > 1 {
        for half in group.chunks(group.len().div_ceil(2)) {
            Box::pin(culprits(clean, expected, half, found)).await;
        }
    }
    if found.len() == before {
        found.push(format!("{group:?}\n    {}", differing.join("\n    ")));
    }
}

/// Settings of a reader that would change the rows of a view, if its SELECT did not say what it means.
#[tokio::test(flavor = "multi_thread")]
async fn helper_views_have_the_same_rows_for_every_reader() {
    const READERS: [(&str, &str); 13] = [
        ("aggregate_functions_null_for_empty", "1"),
        ("cast_keep_nullable", "1"),
        ("compatibility", "22.8"),
        ("data_type_default_nullable", "1"),
        ("empty_result_for_aggregation_by_empty_set", "1"),
        ("enable_analyzer", "0"),
        ("enable_global_with_statement", "0"),
        ("group_by_use_nulls", "1"),
        ("join_default_strictness", "ANY"),
        ("join_use_nulls", "1"),
        ("prefer_column_name_to_alias", "1"),
        ("transform_null_in", "1"),
        ("union_default_mode", "DISTINCT"),
    ];
    let clean = world("readers_profiles").await;
    everything(&clean, &Profile::new()).await;
    // Sums, counts and extremes of nothing: channels without a day of the last week, without recipients, without a day
    // of 50 delivered, without opens.
    for insert in [
        "campaign_ai_summary (klaviyo_public_id, date, campaign_id, send_channel, recipients, delivered, updated_at)
         VALUES ('thin', today() - 20, 'c', 'whatsapp', 10, 10, now()), ('thin', today() - 20, 'c', 'void', 0, 0, now())",
        "flow_ai_summary (klaviyo_public_id, date, flow_id, send_channel, recipients, delivered, updated_at)
         VALUES ('thin', today() - 20, 'f', 'whatsapp', 10, 10, now()), ('thin', today() - 20, 'f', 'void', 0, 0, now())",
        "channel_performance_daily (klaviyo_public_id, date, send_channel, total_delivered, updated_at)
         VALUES ('thin', today() - 20, 'whatsapp', 10, now())",
    ] {
        execute(&clean, format!("INSERT INTO {insert}")).await;
    }
    let expected = views(&clean, &Profile::new()).await;
    assert!(expected["ai_historical_baseline"].contains("whatsapp"));
    for (name, value) in READERS {
        let profile = vec![(name.to_owned(), value.to_owned())];
        let found = differences(&expected, &views(&clean, &profile).await);
        assert!(found.is_empty(), "{name} = {value}\n{}", found.join("\n"));
    }
    // At any hour it is another date than the server's in one of these.
    for zone in ["Etc/GMT+12", "Etc/GMT-14"] {
        let profile = vec![("session_timezone".to_owned(), zone.to_owned())];
        let found = views(&clean, &profile).await;
        for view in
            ["ai_channel_comparison", "ai_day_of_week_patterns", "ai_best_performers", "ai_campaign_weekly"]
        {
            assert_eq!(found[view], expected[view], "{view} in {zone}");
        }
    }
    support::drop_database(&clean).await;
}

/// Without a right to change any setting: what is right already is not stated.
#[tokio::test(flavor = "multi_thread")]
async fn a_reader_who_may_set_nothing_reads_where_the_settings_are_right() {
    let clean = world("readonly_profile").await;
    everything(&clean, &Profile::new()).await;
    let account = &accounts(&clean).await[0];
    let profile = |settings: &[(&str, &str)]| -> Profile {
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let mut reader = bare(&clean, &profile(&[("readonly", "1")]));
    reader.probe().await.expect("probed");
    read_context(&reader, account).await.expect("a context");
    read_status(&reader).await.expect("a status");
    assert_eq!(verify::verify(&reader).await.expect("verified").findings, []);
    let mut changeable = bare(&clean, &profile(&[("join_use_nulls", "1"), ("readonly", "2")]));
    changeable.probe().await.expect("probed");
    read_context(&changeable, account).await.expect("a context");
    support::drop_database(&clean).await;
}

/// Every setting of the engine with the values to try.
async fn candidates(db: &Db) -> Profile {
    let sql = "SELECT name, type, value FROM system.settings WHERE NOT is_obsolete AND alias_for = '' ORDER BY name";
    let mut all = Profile::new();
    for row in rows(db, sql).await {
        all.extend(
            turned(&row[0], &row[1], &row[2]).into_iter().map(|value| (row[0].clone(), value.to_owned())),
        );
    }
    all
}

/// Groups with one value of a setting at most.
fn in_groups(candidates: &Profile, size: usize) -> Vec<Profile> {
    let mut groups: Vec<Profile> = Vec::new();
    for one in candidates {
        let fits = |group: &&mut Profile| group.len() < size && group.iter().all(|(name, _)| *name != one.0);
        match groups.iter_mut().find(fits) {
            Some(group) => group.push(one.clone()),
            None => groups.push(vec![one.clone()]),
        }
    }
    groups
}
