//! The user of a chatbot on a server: the statements that make it, and the holes that `verify --chatbot` finds.
//! The embedded engine makes no users by SQL, so that users come from a file in its configuration.

use aiviews::account::AccountId;
use aiviews::schema::grants::{Audience, objects, statements};
use serde_json::Value;

use crate::child::Place;
use crate::program::Program;
use crate::support;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_that_makes_a_user_is_read_by_the_engine() {
    let db = support::database("grants").await;
    let accounts: Vec<AccountId> = ["XqkVGb", "A-1_b"].iter().filter_map(|id| AccountId::new(id)).collect();
    let users = ["o'neil", "a`b\\c", "none", "my-bot"].map(str::to_owned);
    let mut all = Vec::new();
    for audience in [Audience::Refresher, Audience::Chatbot, Audience::Mcp] {
        for database in ["my-shop", "marketing", "2nd"] {
            all.extend(statements(audience, database, &users, &accounts, None));
            all.extend(statements(audience, database, &users, &[], None));
        }
    }
    let formatted = "SELECT formatQuery(statement) AS text FROM (SELECT arrayJoin({statements:Array(String)}) AS statement)";
    let sql = support::sql(formatted);
    let texts: Vec<String> =
        db.statement(&sql).param("statements", &all).fetch_all().await.expect("every statement is read");
    assert_eq!(texts.len(), all.len());
    let names = ["`o\\'neil", "`o'neil", "`a\\`b\\\\c", "none", "`my-bot"];
    let ends = |text: &str| {
        let name = text.rsplit_once(" TO ").map_or("", |(_, name)| name.trim_end_matches('`'));
        names.contains(&name.trim_end_matches("_sql"))
    };
    let wrong: Vec<&String> = texts.iter().filter(|text| text.starts_with("GRANT ") && !ends(text)).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    support::drop_database(&db).await;
}

#[test]
fn grants_are_printed_without_a_server() {
    let program = Program::new();
    let chatbot = ["grants", "--for", "chatbot", "--klaviyo-id", "XqkVGb", "--database", "my-shop"];
    let text = program.ok(&chatbot);
    assert!(text.lines().all(|line| line.ends_with(';')), "{text}");
    assert!(text.contains("\nGRANT SELECT ON `my-shop`.flow_ai_summary TO chatbot;\n"), "{text}");
    let list = program.json(&chatbot);
    let list: Vec<&str> = list.as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert_eq!(format!("{};", list.join(";\n")), text.trim_end());
    let two = program.ok(&["grants", "--for", "mcp", "--name", "a", "--name", "b", "--database", "shop"]);
    // Each has a second user beside it, for the statements of chatbots.
    assert_eq!(two.matches("CREATE USER ").count(), 4);
    for (arguments, said) in [
        (&["--for", "chatbot", "--database", "shop"][..], "whose rows the chatbot sees"),
        (&["--for", "refresher", "-k", "XqkVGb", "--database", "shop"], "sees every account"),
        (&["--for", "mcp"], "which database"),
        (&["--for", "mcp", "--database", "shop", "--name", "a\nb"], "a control character"),
    ] {
        let run = program.run(&[&["grants"], arguments].concat());
        assert_eq!(run.code, 2, "{}", run.stderr);
        assert!(run.stderr.contains(said), "{}", run.stderr);
    }
    assert!(!program.folder.path().join("data").exists());
}

/// Writes users: the one that looks, and the chatbot's with these rights, limits and tables without a policy.
fn users(place: &Place, grants: &str, settings: &str, unguarded: &[&str]) {
    let folder = place.path("data/aiviews.config.d");
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = place.path("data/users.xml");
    let pointer = format!("<clickhouse><users_config>{}</users_config></clickhouse>", file.display());
    std::fs::write(folder.join("users.xml"), pointer).expect("written");
    let reads: String =
        objects().map(|object| format!("<query>GRANT SELECT ON aiviews.{object}</query>")).collect();
    let policies: String = aiviews::schema::tables_to_read()
        .filter(|table| !unguarded.contains(table))
        .map(|table| format!("<{table}><filter>klaviyo_public_id = 'acc0'</filter></{table}>"))
        .collect();
    let user = |name: &str, profile: &str, rest: &str| {
        format!(
            "<{name}><password></password><profile>{profile}</profile><quota>default</quota>\
             <networks><ip>::/0</ip></networks>{rest}</{name}>"
        )
    };
    let looking = "<grants><query>GRANT CREATE DATABASE, SHOW TABLES, SHOW ACCESS ON *.*</query></grants>";
    let chatbot =
        format!("<grants>{reads}{grants}</grants><databases><aiviews>{policies}</aiviews></databases>");
    let text = format!(
        "<clickhouse><profiles><default/><bounded>{settings}</bounded></profiles><quotas><default/></quotas>\
         <users>{}{}</users></clickhouse>",
        user("default", "default", looking),
        user("chatbot", "bounded", &chatbot)
    );
    std::fs::write(file, text).expect("written");
}

const BOUNDED: &str = "<readonly>1</readonly><max_execution_time>10</max_execution_time>\
    <max_result_rows>10000</max_result_rows><max_memory_usage>2000000000</max_memory_usage>\
    <constraints><readonly><const/></readonly>\
    <max_execution_time><min>1</min><max>10</max></max_execution_time>\
    <max_result_rows><min>1</min><max>10000</max></max_result_rows>\
    <max_memory_usage><const/></max_memory_usage></constraints>";

/// The objects of the errors. The pinned engine is older than the mend of its index function: `the server` is one.
fn holes(place: &Place) -> Vec<String> {
    let ended = place.run(&["verify", "--chatbot", "chatbot", "--json"]).expect(6);
    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings").iter();
    let errors = findings.filter(|finding| finding["severity"] == "error");
    let mut objects: Vec<String> =
        errors.map(|error| error["object"].as_str().expect("a name").to_owned()).collect();
    objects.sort();
    objects
}

#[tokio::test(flavor = "multi_thread")]
async fn holes_around_a_chatbots_user_are_found() {
    let place = Place::new();
    place.run(&["migrate", "-q"]).expect(0);
    let unseen = place.run(&["verify", "--chatbot", "chatbot"]).expect(7).stderr;
    assert!(unseen.contains("may not see who may do what") && unseen.contains("SHOW ACCESS"), "{unseen}");
    users(&place, "", BOUNDED, &[]);
    assert_eq!(holes(&place), ["the server"]);
    let nobody = place.run(&["verify", "--chatbot", "nobody"]).expect(2).stderr;
    assert!(nobody.contains("there is no user `nobody`"), "{nobody}");
    let more = "<query>GRANT INSERT ON aiviews.flow_ai_summary</query><query>GRANT URL ON *.*</query>";
    users(&place, more, &BOUNDED.replace("<readonly><const/></readonly>", ""), &["form_ai_performance"]);
    let found = holes(&place);
    let expected =
        ["*.*", "aiviews.flow_ai_summary", "form_ai_performance", "setting readonly", "the server"];
    assert_eq!(found, expected);
    std::fs::remove_dir_all(place.path("data/aiviews.config.d")).expect("removed");
    {
        let serve = place.serve();
        let db = serve.db().await;
        let mirror = "CREATE MATERIALIZED VIEW mirror ENGINE = MergeTree ORDER BY tuple() \
                      AS SELECT klaviyo_public_id FROM flow_ai_summary";
        let definer = "CREATE VIEW definer DEFINER = CURRENT_USER SQL SECURITY DEFINER \
                       AS SELECT klaviyo_public_id FROM flow_ai_summary";
        let plain = "CREATE VIEW plain SQL SECURITY INVOKER AS SELECT klaviyo_public_id FROM flow_ai_summary";
        for statement in [mirror, definer, plain] {
            support::execute(&db, statement).await;
        }
    }
    users(&place, "", BOUNDED, &[]);
    assert_eq!(holes(&place), ["definer", "mirror", "the server"]);
}
