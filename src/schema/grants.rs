//! The statements that make a user of each kind on a ClickHouse server. Pure: nothing is asked, nothing is run.

use clap::ValueEnum;

use crate::account::AccountId;
use crate::db::{quoted, quoted_name};
use crate::lock;
use crate::schema::{self, TABLES, VIEWS};
use crate::sql::Sql;

/// Whom the statements are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Audience {
    /// The user that migrates, refreshes and forgets.
    Refresher,
    /// A chatbot that sends SQL of its own: it reads the tables and views of its accounts.
    Chatbot,
    /// The two users of the chatbot's door: one reads and keeps log and notes, one runs what chatbots wrote.
    Mcp,
}

impl Audience {
    /// The user's name where none is given.
    pub fn usual_name(self) -> &'static str {
        match self {
            Audience::Refresher => "aiviews",
            Audience::Chatbot => "chatbot",
            Audience::Mcp => "aiviews_mcp",
        }
    }
}

/// What the refresher may do in its database: what `privilege` asks for, whichever the tables and actions.
pub const REFRESHER_RIGHTS: [&str; 12] = [
    "SELECT",
    "INSERT",
    "OPTIMIZE",
    "CREATE TABLE",
    "CREATE VIEW",
    "DROP TABLE",
    "DROP VIEW",
    "ALTER DELETE",
    "ALTER ADD COLUMN",
    "ALTER COMMENT COLUMN",
    "ALTER MODIFY COMMENT",
    "ALTER SETTINGS",
];

/// What it may do besides, which matters only where there are several servers: wait for replicas, and give signs of life to
/// a lock that ClickHouse Keeper holds.
const ON_SEVERAL_SERVERS: [(&str, &str); 2] =
    [("SYSTEM SYNC REPLICA", "*"), ("ALTER UPDATE", lock::KEEPER_TABLE)];

/// What the refresher reads outside of its database.
pub const REFRESHER_READS: &str = "system.parts";

/// The door's own tables, and what it does with them.
const OF_THE_DOOR: [(&str, &str); 4] = [
    ("ai_refresh_log", "SELECT"),
    ("ai_chat_log", "SELECT, INSERT"),
    ("ai_notes", "SELECT, INSERT"),
    ("ai_saved_questions", "SELECT, INSERT"),
];

/// The settings of a chatbot's profile that bound what a statement costs, with their values.
pub const CHATBOT_LIMITS: [(&str, u64); 3] =
    [("max_execution_time", 10), ("max_result_rows", 10_000), ("max_memory_usage", 2_000_000_000)];

/// The same for the door, which sets lower ones itself.
const DOOR_LIMITS: [(&str, u64); 3] =
    [("max_execution_time", 60), ("max_result_rows", 1_000_000), ("max_memory_usage", 4_000_000_000)];

/// A chatbot's user changes nothing, no limit either; its statements end when whoever sent them goes away.
const READ_ONLY: &str = "readonly = 1 CONST, cancel_http_readonly_queries_on_client_close = 1 CONST, ";

/// What the name of the door's second user ends in: the one who runs the statements of `sql` and may only read.
const OF_SQL: &str = "_sql";

/// The tables and views that a chatbot reads.
pub fn objects() -> impl Iterator<Item = &'static str> {
    TABLES
        .iter()
        .map(|table| table.name)
        .chain(VIEWS.iter().chain(schema::outlook_to_read()).map(Sql::object))
}

/// The statements, in the order in which they run; running them again changes profile and policies, no password.
pub fn statements(
    audience: Audience,
    database: &str,
    users: &[String],
    accounts: &[AccountId],
    cluster: Option<&str>,
) -> Vec<String> {
    let everywhere = cluster.map(|name| format!(" ON CLUSTER {}", quoted(name))).unwrap_or_default();
    let of_user = |user: &String| {
        let (quoted, everywhere) = (quoted_name(user), everywhere.clone());
        let user = User { name: user, quoted, database: quoted_name(database), everywhere };
        let mut all = vec![user.create()];
        match audience {
            Audience::Refresher => all.extend(user.refresher()),
            Audience::Chatbot => {
                all.extend(user.reads());
                all.push(user.profile(READ_ONLY, &CHATBOT_LIMITS));
            }
            Audience::Mcp => {
                all.extend(user.reads());
                let keeps = |(table, rights): &(&str, &str)| user.grant(rights, table);
                all.extend(OF_THE_DOOR.iter().map(keeps));
                // The statements of the other user below, who may end nothing.
                all.push(user.grant_on("KILL QUERY", "*.*"));
                // Not read-only: the door writes its log.
                all.push(user.profile("", &DOOR_LIMITS));
                all.extend(user.policies(accounts));
                let reader = [format!("{}{OF_SQL}", user.name)];
                all.extend(statements(Audience::Chatbot, database, &reader, accounts, cluster));
                return all;
            }
        }
        all.extend(user.policies(accounts));
        all
    };
    users.iter().flat_map(of_user).collect()
}

struct User<'a> {
    name: &'a str,
    quoted: String,
    database: String,
    /// The clause that makes it on every server of a cluster, or nothing.
    everywhere: String,
}

impl User<'_> {
    fn create(&self) -> String {
        let User { quoted, everywhere, .. } = self;
        format!("CREATE USER IF NOT EXISTS {quoted}{everywhere} IDENTIFIED WITH sha256_password BY '...'")
    }

    fn grant(&self, rights: &str, object: &str) -> String {
        self.grant_on(rights, &format!("{}.{object}", self.database))
    }

    fn grant_on(&self, rights: &str, object: &str) -> String {
        format!("GRANT{} {rights} ON {object} TO {}", self.everywhere, self.quoted)
    }

    fn refresher(&self) -> Vec<String> {
        let mut all = vec![
            self.grant(&REFRESHER_RIGHTS.join(", "), "*"),
            self.grant_on("SELECT", REFRESHER_READS),
            self.grant_on("KILL QUERY", "*.*"),
        ];
        all.extend(ON_SEVERAL_SERVERS.iter().map(|(rights, object)| self.grant(rights, object)));
        if !self.everywhere.is_empty() {
            all.push(self.grant_on("CLUSTER", "*.*"));
        }
        all
    }

    fn reads(&self) -> impl Iterator<Item = String> {
        objects().map(|object| self.grant("SELECT", object))
    }

    /// 0 means without a limit and lies below every maximum: hence the minimum.
    fn profile(&self, before: &str, limits: &[(&str, u64)]) -> String {
        let limit = |(name, value): &(&str, u64)| format!("{name} = {value} MIN 1 MAX {value}");
        let limits: Vec<String> = limits.iter().map(limit).collect();
        let profile = quoted_name(&format!("{}_limits", self.name));
        let settings = limits.join(", ");
        let User { quoted, everywhere, .. } = self;
        format!(
            "CREATE SETTINGS PROFILE OR REPLACE {profile}{everywhere} SETTINGS {before}{settings} TO {quoted}"
        )
    }

    /// Once a table has a policy, users without one may see nothing: everybody gets one.
    fn policies(&self, accounts: &[AccountId]) -> impl Iterator<Item = String> {
        // Account ids hold nothing that a literal would have to escape.
        let ids: Vec<String> = accounts.iter().map(|account| format!("'{account}'")).collect();
        let condition = match ids.is_empty() {
            true => "1".to_owned(),
            false => format!("klaviyo_public_id IN ({})", ids.join(", ")),
        };
        let policy = quoted_name(&format!("{}_accounts", self.name));
        schema::tables_to_read().map(move |table| {
            let table = format!("{}.{table}", self.database);
            format!(
                "CREATE ROW POLICY OR REPLACE {policy}{} ON {table} FOR SELECT USING {condition} TO {}",
                self.everywhere, self.quoted
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::db::Db;
    use crate::db::retry::RetryPolicy;
    use crate::refresh::privilege;
    use crate::schema::ledger::STEPS;
    use crate::schema::migrate::Action;
    use crate::sql;

    fn text(audience: Audience, accounts: &[&str]) -> Vec<String> {
        let accounts: Vec<AccountId> = accounts.iter().filter_map(|id| AccountId::new(id)).collect();
        statements(audience, "shop", &[audience.usual_name().to_owned()], &accounts, None)
    }

    fn policies() -> usize {
        schema::tables_to_read().count()
    }

    #[test]
    fn the_refresher_gets_what_the_verbs_ask_for_and_no_more() {
        let db =
            Db::new(clickhouse::Client::default().with_database("shop"), "", "run", RetryPolicy::default());
        let table = || "flow_ai_summary".to_owned();
        let actions = [
            Action::CreateTable(&sql::REFRESH_LOG),
            Action::CreateView(&VIEWS[0]),
            Action::ReplaceView { view: &VIEWS[0], why: String::new() },
            Action::Step { step: &STEPS[0], why: String::new() },
            Action::Comments { table: table(), comments: Vec::new() },
            Action::Rebuild { table: &TABLES[0], why: String::new() },
        ];
        let tables: Vec<_> = TABLES.iter().collect();
        let mut asked = privilege::to_refresh(&db, &tables);
        asked.extend(privilege::to_forget(&db));
        asked.extend(privilege::to_migrate(&db, &actions));
        let (outside, inside): (Vec<_>, Vec<_>) =
            asked.iter().partition(|it| it.object.starts_with("system."));
        let mut rights: BTreeSet<&str> = inside.iter().map(|privilege| privilege.right).collect();
        // Asked for by itself: `privilege::may_set`.
        assert!(rights.insert("ALTER SETTINGS"));
        assert_eq!(rights, BTreeSet::from(REFRESHER_RIGHTS));
        assert!(outside.iter().all(|it| (it.right, it.object.as_str()) == ("SELECT", REFRESHER_READS)));
        let text = text(Audience::Refresher, &[]);
        assert_eq!(text[1], format!("GRANT {} ON shop.* TO aiviews", REFRESHER_RIGHTS.join(", ")));
        assert_eq!(text[2], "GRANT SELECT ON system.parts TO aiviews");
        assert_eq!(text[4], "GRANT SYSTEM SYNC REPLICA ON shop.* TO aiviews");
        assert_eq!(text[5], "GRANT ALTER UPDATE ON shop.ai_refresh_keeper_lock TO aiviews");
        assert_eq!(text.iter().filter(|line| line.ends_with(" USING 1 TO aiviews")).count(), policies());
    }

    #[test]
    fn what_a_run_on_replicas_asks_for_besides_is_granted() {
        let db =
            Db::new(clickhouse::Client::default().with_database("shop"), "", "run", RetryPolicy::default());
        let tables: Vec<_> = TABLES.iter().collect();
        let rights = |db: &Db| -> BTreeSet<(&str, String)> {
            let asked = privilege::to_refresh(db, &tables);
            asked.iter().map(|it| (it.right, it.object.clone())).collect()
        };
        let of_one = rights(&db);
        let of_several = rights(&db.in_cluster(Some("c")).expect("one server"));
        for (right, object) in of_several.difference(&of_one) {
            let is_granted = REFRESHER_RIGHTS.contains(right)
                || ON_SEVERAL_SERVERS
                    .iter()
                    .any(|(known, on)| known == right && (*on == "*" || on == object));
            assert!(is_granted, "{right} on {object}");
        }
        let text = statements(Audience::Refresher, "shop", &["r".to_owned()], &[], Some("it's"));
        assert!(text.contains(&"GRANT ON CLUSTER 'it''s' CLUSTER ON *.* TO r".to_owned()), "{text:?}");
        assert!(text.iter().all(|line| line.contains(" ON CLUSTER 'it''s'")), "{text:?}");
    }

    #[test]
    fn a_chatbot_reads_the_objects_of_its_accounts_with_limits() {
        let text = text(Audience::Chatbot, &["XqkVGb", "A-1"]);
        let grants: Vec<&String> = text.iter().filter(|line| line.starts_with("GRANT ")).collect();
        let objects = TABLES.len() + VIEWS.len() + schema::outlook_to_read().count();
        assert_eq!(grants.len(), objects);
        assert!(grants.iter().all(|line| line.starts_with("GRANT SELECT ON shop.")), "{grants:?}");
        let profile = "CREATE SETTINGS PROFILE OR REPLACE chatbot_limits SETTINGS readonly = 1 CONST, \
             cancel_http_readonly_queries_on_client_close = 1 CONST, max_execution_time = 10 MIN 1 MAX 10, max_result_rows = 10000 MIN 1 MAX 10000, \
             max_memory_usage = 2000000000 MIN 1 MAX 2000000000 TO chatbot";
        assert!(text.iter().any(|line| line == profile), "{text:?}");
        for table in schema::tables_to_read() {
            let policy = format!(
                "CREATE ROW POLICY OR REPLACE chatbot_accounts ON shop.{table} FOR SELECT \
                 USING klaviyo_public_id IN ('XqkVGb', 'A-1') TO chatbot"
            );
            assert!(text.contains(&policy), "{table}");
        }
        assert_eq!(text.len(), 1 + grants.len() + 1 + schema::tables_to_read().count());
    }

    #[test]
    fn the_door_writes_its_own_tables_alone() {
        let text = text(Audience::Mcp, &[]);
        let writes: Vec<&str> = text
            .iter()
            .filter_map(|line| line.strip_prefix("GRANT SELECT, INSERT ON shop."))
            .filter_map(|rest| rest.strip_suffix(" TO aiviews_mcp"))
            .collect();
        let tables = schema::CHAT_TABLES.map(Sql::object);
        assert_eq!(writes, tables);
        assert!(text.contains(&format!("GRANT SELECT ON shop.{} TO aiviews_mcp", sql::REFRESH_LOG.object())));
        let of_door = |line: &&String| line.ends_with(" USING 1 TO aiviews_mcp");
        assert_eq!(text.iter().filter(of_door).count(), policies());
        // The statements of chatbots have a user of their own.
        let from =
            text.iter().position(|line| line.starts_with("CREATE USER IF NOT EXISTS aiviews_mcp_sql "));
        let of_sql = &text[from.expect("a second user")..];
        let of_chatbot = statements(Audience::Chatbot, "shop", &["aiviews_mcp_sql".to_owned()], &[], None);
        assert_eq!(of_sql, of_chatbot);
        let changes = ["INSERT", "KILL", "ALTER", "CREATE TABLE", "DROP"];
        assert!(
            !of_sql
                .iter()
                .any(|line| changes.iter().any(|change| line.starts_with("GRANT") && line.contains(change)))
        );
    }
}
