//! Users who may not do everything: a writing verb finds out before its first write, and says which privilege lacks.
//! The embedded engine makes no users by SQL, but its one user gets the grants that a file in its configuration names.

use aiviews::db::Privilege;
use aiviews::exit::ExitCode;
use aiviews::refresh::privilege;
use aiviews::schema::TABLES;

use crate::child::{Ended, Place};
use crate::generations::{fill, leftovers, make_sources};
use crate::support::{self, rows};

const REFRESHING: [&str; 6] = ["ALTER DELETE", "CREATE TABLE", "DROP TABLE", "INSERT", "OPTIMIZE", "SELECT"];
/// Those for tables hold for views too.
const MIGRATING: [&str; 5] = ["ALTER ADD COLUMN", "CREATE TABLE", "DROP TABLE", "INSERT", "SELECT"];

/// From now on the engine's user has these rights in the database, and no others.
fn allow(place: &Place, rights: &[&str]) {
    let folder = place.path("data/aiviews.config.d");
    std::fs::create_dir_all(&folder).expect("a folder");
    let users = place.path("data/users.xml");
    let pointer = format!("<clickhouse><users_config>{}</users_config></clickhouse>", users.display());
    std::fs::write(folder.join("users.xml"), pointer).expect("written");
    // Opening an embedded database makes sure that it is there.
    let mut grants = "<query>GRANT CREATE DATABASE ON *.*</query>".to_owned();
    grants.extend(rights.iter().map(|right| format!("<query>GRANT {right} ON aiviews.*</query>")));
    let text = format!(
        "<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users><default>\
         <password></password><profile>default</profile><quota>default</quota><networks><ip>::/0</ip></networks>\
         <grants>{grants}</grants></default></users></clickhouse>"
    );
    std::fs::write(users, text).expect("written");
}

fn allow_everything(place: &Place) {
    std::fs::remove_dir_all(place.path("data/aiviews.config.d")).expect("removed");
}

fn without<'all>(rights: &[&'all str], right: &str) -> Vec<&'all str> {
    rights.iter().copied().filter(|each| *each != right).collect()
}

#[track_caller]
fn assert_refused(ended: Ended, right: &str) {
    let ended = ended.expect(7);
    let said = ended.stderr;
    assert!(
        said.contains("user `default` on") && said.contains(&format!(" lacks {right}")),
        "{right}: {said}"
    );
    assert!(
        said.contains(&format!("hint: GRANT {right}")) && said.contains("ON aiviews.* TO default"),
        "{right}: {said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_without_a_privilege_writes_nothing_and_names_it() {
    let place = Place::new();
    {
        let serve = place.serve();
        let db = serve.db().await;
        make_sources(&db).await;
        fill(&db, &["acc0"], 1).await;
        place.run(&["migrate", "-q"]).expect(0);
    }
    let populate = ["populate", "--days", "7", "--table", "segment_ai_trends"];
    for right in REFRESHING {
        allow(&place, &without(&REFRESHING, right));
        assert_refused(place.run(&populate), right);
    }
    let forgetting = ["SELECT", "INSERT", "CREATE TABLE", "DROP TABLE"];
    allow(&place, &forgetting);
    assert_refused(place.run(&["forget", "--klaviyo-id", "acc0", "--yes"]), "ALTER DELETE");
    allow_everything(&place);
    {
        let serve = place.serve();
        let db = serve.db().await;
        assert_eq!(leftovers(&db).await, Vec::<Vec<String>>::new());
        assert_eq!(rows(&db, "SELECT count() FROM ai_refresh_log").await, [["0"]]);
        assert_eq!(rows(&db, "SELECT count() FROM segment_ai_trends").await, [["0"]]);
    }
    // What is asked for is all that is needed.
    allow(&place, &REFRESHING);
    place.run(&populate).expect(0);
    allow(&place, &without(&REFRESHING, "OPTIMIZE"));
    place.run(&["forget", "--klaviyo-id", "acc0", "--yes"]).expect(0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_without_a_privilege_changes_nothing_and_names_it() {
    let place = Place::new();
    make_sources(&place.serve().db().await).await;
    for right in MIGRATING {
        allow(&place, &without(&MIGRATING, right));
        assert_refused(place.run(&["migrate"]), right);
    }
    allow_everything(&place);
    let ours = "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name NOT LIKE '%_statistics%'";
    assert_eq!(rows(&place.serve().db().await, ours).await, [["0"]]);
    allow(&place, &MIGRATING);
    place.run(&["migrate"]).expect(0);
    // Comments that were changed by hand need other rights.
    allow_everything(&place);
    let change = "ALTER TABLE flow_ai_summary COMMENT COLUMN opens 'odd'";
    support::execute(&place.serve().db().await, change).await;
    allow(&place, &MIGRATING);
    let said = place.run(&["migrate"]).expect(7).stderr;
    assert!(
        said.contains("lacks ALTER COMMENT COLUMN ON flow_ai_summary, ALTER MODIFY COMMENT ON"),
        "{said}"
    );
    allow(&place, &[&MIGRATING[..], &["ALTER COMMENT COLUMN", "ALTER MODIFY COMMENT"]].concat());
    place.run(&["migrate"]).expect(0);
    // Settings are set where they may be, and told of where not.
    allow_everything(&place);
    support::execute(
        &place.serve().db().await,
        "ALTER TABLE flow_ai_summary RESET SETTING fsync_after_insert",
    )
    .await;
    allow(&place, &MIGRATING);
    let told = place.run(&["migrate"]).expect(0);
    assert!(told.stderr.contains("may take the last rows of flow_ai_summary"), "{}", told.stderr);
    assert_eq!(told.stdout, "nothing to do\n");
    allow(&place, &[&MIGRATING[..], &["ALTER SETTINGS"]].concat());
    let set = place.run(&["migrate"]).expect(0);
    assert_eq!(set.stdout, "make durable flow_ai_summary: fsync_after_insert = 1\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_only_read_is_told_so() {
    let db = support::database("only_read").await;
    let all: Vec<_> = TABLES.iter().collect();
    privilege::refuse_missing(&db, &privilege::to_refresh(&db, &all)).await.expect("everything is granted");
    for mode in ["1", "2"] {
        let reader = support::with_setting(&db, "readonly", mode).await;
        let error = privilege::refuse_missing(&reader, &privilege::to_refresh(&reader, &all)).await;
        let error = error.expect_err("may not write");
        assert_eq!(aiviews::db::exit_code_of(&error), ExitCode::AccessDenied);
        assert!(error.to_string().contains(&format!("its setting `readonly` is {mode}")), "{error:#}");
        assert!(aiviews::db::hint_of(&error).expect("a hint").contains("the refresher's user"));
    }
    support::drop_database(&db).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_of_a_privilege_is_sent_unless_it_is_ours() {
    let db = support::database("odd_names").await;
    for object in ["a b", "x, SELECT ON y", "", "a.b c"] {
        let privileges = Privilege::on(object, &["SELECT"]);
        let error = privilege::refuse_missing(&db, &privileges).await.expect_err(object);
        assert!(error.to_string().contains("is not one of our names"), "{error:#}");
    }
    support::drop_database(&db).await;
}

/// The statement of a hint is meant to be pasted: the engine's own parser reads it.
#[tokio::test(flavor = "multi_thread")]
async fn names_in_a_hint_are_quoted_where_they_must_be() {
    let db = support::database("pasted").await;
    let odd = ["my-shop", "Shop", "2nd", "all", "none", "a`b", "a\\b", "o'hara"];
    let keywords =
        rows(&db, "SELECT lower(keyword) FROM system.keywords WHERE NOT match(keyword, '[^A-Z_]')").await;
    let names = odd.into_iter().map(str::to_owned).chain(keywords.into_iter().flatten());
    for name in names {
        let quoted = aiviews::db::quoted_name(&name);
        let text = format!("EXPLAIN AST GRANT SELECT ON {quoted}.* TO {quoted}");
        let read = db.statement(&support::sql(text)).fetch_format("TabSeparated").await;
        assert!(read.is_ok(), "{name}: {read:?}");
    }
    support::drop_database(&db).await;
}
