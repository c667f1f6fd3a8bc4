//! The four ways of DDL: which servers an object is made on, and with which engine. The only place that knows them.
//!
//! A name that is a parameter (`{staging:Identifier}`) is a working table of one run: it is made where the run is, and
//! nowhere else. Tables and views that have a name of their own are made everywhere.

use std::borrow::Cow;
use std::fmt;

use super::bound::quoted;
use super::settings::Setting;
use crate::exit::{ExitCode, Failure};
use crate::sql::Sql;

/// How objects are made that all servers of the target have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// One server: the statements as they stand in `sql/`.
    #[default]
    Plain,
    /// A cluster of this name: `ON CLUSTER`, and engines of replicas.
    Cluster(String),
    /// A database with the engine `Replicated`, which sends each statement on by itself, but converts no engine.
    ReplicatedDatabase,
    /// ClickHouse Cloud, which sends each statement on and converts the engines.
    Cloud,
}

/// What a table on replicas is written and read with, so that a replica that lags is an error and not fewer rows.
const ON_REPLICAS: &[Setting] = &[
    Setting { name: "insert_quorum", value: "auto", reason: "what one replica alone has is lost with it" },
    Setting { name: "insert_quorum_parallel", value: "0", reason: "reads cannot be in the order of writes" },
    Setting {
        name: "select_sequential_consistency",
        value: "1",
        reason: "a replica that lags has fewer rows",
    },
    Setting {
        name: "distributed_ddl_output_mode",
        value: "none",
        reason: "DDL answers rows nobody asked for",
    },
];

/// In the cloud every insert has a quorum.
const IN_THE_CLOUD: &[Setting] = &[Setting {
    name: "select_sequential_consistency",
    value: "1",
    reason: "a replica that lags has fewer rows",
}];

impl Way {
    /// The way of a server that says so of itself.
    pub(super) fn of_server(is_cloud: bool, database_engine: &str) -> Way {
        match database_engine {
            _ if is_cloud => Way::Cloud,
            "Shared" => Way::Cloud,
            "Replicated" => Way::ReplicatedDatabase,
            _ => Way::Plain,
        }
    }

    /// The same where somebody names a cluster.
    pub(super) fn in_cluster(&self, name: &str) -> Result<Way, Failure> {
        match self {
            Way::Plain | Way::Cluster(_) => Ok(Way::Cluster(name.to_owned())),
            Way::ReplicatedDatabase | Way::Cloud => {
                let message =
                    format!("{self} sends each statement on by itself: `ON CLUSTER` would do it twice");
                Err(Failure::new(ExitCode::Usage, message).hint("leave --cluster and CLICKHOUSE_CLUSTER out"))
            }
        }
    }

    /// Whether one server is all there is.
    pub fn is_plain(&self) -> bool {
        *self == Way::Plain
    }

    /// The way in a word, for `--json`.
    pub fn word(&self) -> &'static str {
        match self {
            Way::Plain => "plain",
            Way::Cluster(_) => "cluster",
            Way::ReplicatedDatabase => "replicated_database",
            Way::Cloud => "cloud",
        }
    }

    /// Settings that a run needs beside those of every run.
    pub(super) fn settings(&self) -> &'static [Setting] {
        match self {
            Way::Plain => &[],
            Way::Cluster(_) | Way::ReplicatedDatabase => ON_REPLICAS,
            Way::Cloud => IN_THE_CLOUD,
        }
    }

    /// The statement as this way sends it. What is no DDL stays as it is.
    pub(super) fn adapted(&self, text: Cow<'static, str>) -> Cow<'static, str> {
        match self {
            Way::Plain | Way::Cloud => text,
            Way::ReplicatedDatabase => replicated(&text).map_or(text, Cow::Owned),
            Way::Cluster(_) => {
                let text = replicated(&text).map_or(text, Cow::Owned);
                if is_working_table(&text) { text } else { self.everywhere(text) }
            }
        }
    }

    /// The same for a statement whose table is named by a parameter and is made everywhere all the same.
    pub(super) fn everywhere(&self, text: Cow<'static, str>) -> Cow<'static, str> {
        match self {
            Way::Cluster(cluster) => on_cluster(&text, cluster).map_or(text, Cow::Owned),
            _ => text,
        }
    }

    /// The statements that make a table from a SELECT: a database that sends statements on would let each replica fill
    /// it, and refuses (344). Then it is made empty, and filled here.
    pub fn created_as(&self, create: &Sql) -> Vec<Sql> {
        let is_split = matches!(self, Way::ReplicatedDatabase | Way::Cloud);
        match create.text.split_once("\nAS\n") {
            Some((head, select)) if is_split => {
                let (_, head_of_table) = head.split_at(statement_start(head));
                let name = head_of_table.split_whitespace().nth(2).unwrap_or_default();
                let texts = [
                    format!("{head}\nEMPTY AS\n{select}"),
                    format!("-- Fills what was made empty.\nINSERT INTO {name}\n{select}"),
                ];
                texts.map(|text| Sql { name: create.name.clone(), text: text.into() }).to_vec()
            }
            _ => vec![create.clone()],
        }
    }

    /// What stands behind `CREATE TABLE staging AS target`. A copy of a replicated table's engine has its arguments,
    /// which databases that replicate refuse (before 25.2), so the engine is named anew.
    pub fn engine_of_copy(&self, engine: &str, partition_key: &str, sorting_key: &str) -> String {
        match self {
            Way::ReplicatedDatabase => format!(
                "\nENGINE = Replicated{engine}\nPARTITION BY {partition_key}\nORDER BY ({sorting_key})"
            ),
            _ => String::new(),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Plain => formatter.write_str("one server"),
            Way::Cluster(name) => write!(formatter, "cluster `{name}`"),
            Way::ReplicatedDatabase => formatter.write_str("a Replicated database"),
            Way::Cloud => formatter.write_str("ClickHouse Cloud"),
        }
    }
}

/// Where the statement begins, behind what introduces it.
fn statement_start(text: &str) -> usize {
    text.split_inclusive('\n').take_while(|line| line.starts_with("--")).map(str::len).sum()
}

/// How statements begin that make or change objects, each up to the object's name.
const DDL: [&str; 8] = [
    "CREATE TABLE IF NOT EXISTS ",
    "CREATE TABLE ",
    "CREATE OR REPLACE VIEW ",
    "CREATE VIEW IF NOT EXISTS ",
    "ALTER TABLE ",
    "DROP TABLE IF EXISTS ",
    "RENAME TABLE ",
    "EXCHANGE TABLES ",
];

/// What introduces the statement and begins it, and the rest from the object's name on; none of what is no DDL.
fn at_name(text: &str) -> Option<(&str, &str)> {
    let start = statement_start(text);
    let beginning = DDL.iter().find(|beginning| text[start..].starts_with(**beginning))?;
    Some(text.split_at(start + beginning.len()))
}

/// Whether a statement that a slot or a parameter names a table for is about this run's own.
fn is_working_table(text: &str) -> bool {
    at_name(text).is_some_and(|(head, rest)| {
        let is_renamed = head.ends_with("RENAME TABLE ") || head.ends_with("EXCHANGE TABLES ");
        rest.starts_with('{') || is_renamed && rest.starts_with("<<")
    })
}

fn on_cluster(text: &str, cluster: &str) -> Option<String> {
    let (head, rest) = at_name(text).filter(|(_, rest)| !rest.contains(" ON CLUSTER "))?;
    let cluster = format!(" ON CLUSTER {}", quoted(cluster));
    if head.ends_with("RENAME TABLE ") || head.ends_with("EXCHANGE TABLES ") {
        return Some(format!("{}{cluster}\n", text.trim_end()));
    }
    let (name, tail) = rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len()));
    // A mutation reaches the other replicas by their own log, and a key of Keeper is every replica's.
    let is_mutation = head.ends_with("ALTER TABLE ")
        && ["DELETE ", "UPDATE "].iter().any(|kind| tail.trim_start().starts_with(kind));
    (!is_mutation).then(|| format!("{head}{name}{cluster}{tail}"))
}

/// The engine of replicas in the place of that of one server. Its path and its replica are the server's defaults.
fn replicated(text: &str) -> Option<String> {
    let (head, rest) = at_name(text).filter(|(head, _)| head.contains("CREATE TABLE "))?;
    let engine = rest.find("\nENGINE = ")? + "\nENGINE = ".len();
    let name =
        rest[engine..].split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap_or_default();
    let is_of_one_server = name.ends_with("MergeTree") && !name.starts_with("Replicated");
    is_of_one_server.then(|| format!("{head}{}Replicated{}", &rest[..engine], &rest[engine..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(way: &Way, text: &'static str) -> String {
        way.adapted(Cow::Borrowed(text)).into_owned()
    }

    #[test]
    fn each_way_makes_a_table_and_a_view_in_its_own_words() {
        let table =
            "-- A row.\nCREATE TABLE IF NOT EXISTS t\n(\n    d Date\n)\nENGINE = ReplacingMergeTree(d)\n";
        let view = "-- A row.\nCREATE OR REPLACE VIEW v\n(\n    d Date\n)\nAS\nSELECT d FROM t\n";
        let cluster = Way::Cluster("it's".to_owned());
        for way in [Way::Plain, Way::Cloud] {
            assert_eq!((of(&way, table).as_str(), of(&way, view).as_str()), (table, view));
        }
        let replicated = table.replace("= Rep", "= ReplicatedRep");
        assert_eq!(of(&Way::ReplicatedDatabase, table), replicated);
        assert_eq!(of(&Way::ReplicatedDatabase, view), view);
        assert_eq!(of(&cluster, table), replicated.replace("EXISTS t\n", "EXISTS t ON CLUSTER 'it''s'\n"));
        assert_eq!(of(&cluster, view), view.replace("VIEW v\n", "VIEW v ON CLUSTER 'it''s'\n"));
    }

    #[test]
    fn what_belongs_to_one_run_stays_where_the_run_is() {
        let cluster = Way::Cluster("c".to_owned());
        for text in [
            "-- A copy.\nCREATE TABLE IF NOT EXISTS {staging:Identifier} AS t\n",
            "-- A swap.\nALTER TABLE {target:Identifier} REPLACE PARTITION {id:String} FROM s\n",
            "-- Gone.\nALTER TABLE ai_notes DELETE WHERE klaviyo_public_id = {account:String}\n",
            "-- Gone.\nDROP TABLE IF EXISTS {table:Identifier} SYNC\n",
            "-- Kept.\nRENAME TABLE <<from>> TO <<to>>\n",
            "-- No DDL.\nSELECT 'CREATE TABLE t'\n",
        ] {
            assert_eq!(of(&cluster, text), text);
        }
        let dropped = cluster.everywhere(Cow::Borrowed("DROP TABLE IF EXISTS {table:Identifier} SYNC\n"));
        assert_eq!(dropped, "DROP TABLE IF EXISTS {table:Identifier} ON CLUSTER 'c' SYNC\n");
        assert_eq!(of(&cluster, "RENAME TABLE a TO <<b>>\n"), "RENAME TABLE a TO <<b>> ON CLUSTER 'c'\n");
        let exchanged = cluster.everywhere(Cow::Borrowed("EXCHANGE TABLES <<a>> AND <<b>>\n"));
        assert_eq!(exchanged, "EXCHANGE TABLES <<a>> AND <<b>> ON CLUSTER 'c'\n");
        assert_eq!(
            of(&cluster, "ALTER TABLE t\n    ADD COLUMN c Date\n"),
            "ALTER TABLE t ON CLUSTER 'c'\n    ADD COLUMN c Date\n"
        );
    }

    #[test]
    fn a_table_made_from_a_select_is_filled_once() {
        let create = Sql {
            name: "s".into(),
            text: "-- A copy.\nCREATE TABLE {s:Identifier}\nENGINE = E\nAS\nSELECT 1\n".into(),
        };
        assert_eq!(Way::Plain.created_as(&create).len(), 1);
        let texts: Vec<String> =
            Way::ReplicatedDatabase.created_as(&create).iter().map(|sql| sql.text.to_string()).collect();
        assert_eq!(texts[0], create.text.replace("\nAS\n", "\nEMPTY AS\n"));
        assert_eq!(texts[1], "-- Fills what was made empty.\nINSERT INTO {s:Identifier}\nSELECT 1\n");
    }

    #[test]
    fn a_server_says_itself_what_it_is() {
        assert_eq!(Way::of_server(false, "Atomic"), Way::Plain);
        assert_eq!(Way::of_server(false, "Replicated"), Way::ReplicatedDatabase);
        assert_eq!(Way::of_server(true, "Replicated"), Way::Cloud);
        assert_eq!(Way::Plain.in_cluster("c").ok(), Some(Way::Cluster("c".to_owned())));
        assert!(Way::Cloud.in_cluster("c").is_err());
    }
}
