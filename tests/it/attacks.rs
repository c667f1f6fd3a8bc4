//! What somebody with a token of `serve` may try: no statement reaches a file, a program or a host.

use std::net::TcpListener;
use std::process::Command;

use crate::child::{Place, Serve, TOKEN};

/// A wall that refuses, by the code of its error.
const GRANTS: u32 = 497;
const CONSTRAINTS: u32 = 452;
const LEXER: u32 = 48;
/// The operating system's: EACCES, as the engine reports it.
const CONFINEMENT: u32 = 76;

/// Sends a statement with this token and returns what comes back.
pub fn send(serve: &Serve, token: &str, sql: &str, options: &[&str]) -> String {
    let output = Command::new("curl")
        .args(["-sS", "--max-time", "20", "-H", &format!("X-ClickHouse-Key: {token}")])
        .args(options)
        .args(["--data-urlencode", &format!("query={sql}"), "-G", &serve.url])
        .output()
        .expect("curl is installed");
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

pub const POST: [&str; 2] = ["-X", "POST"];

/// A file that no statement may read, a place where none may write, a port that none may call.
pub struct Prey {
    folder: tempfile::TempDir,
    listener: TcpListener,
}

impl Prey {
    pub fn new() -> Prey {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("secret.csv"), "the-secret\n").expect("written");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a mode");
        Prey { folder, listener }
    }

    /// `{secret}`, `{new}` and `{host}` are where it hurts.
    pub fn aim(&self, sql: &str) -> String {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        let host = self.listener.local_addr().expect("an address").to_string();
        sql.replace("{secret}", &path("secret.csv")).replace("{new}", &path("new")).replace("{host}", &host)
    }

    #[track_caller]
    pub fn assert_untouched(&self, sql: &str, said: &str) {
        assert!(!said.contains("the-secret"), "`{sql}` reads a file: {said}");
        let names = std::fs::read_dir(self.folder.path()).expect("a folder").count();
        assert_eq!(names, 1, "`{sql}` makes a file: {said}");
        assert!(self.listener.accept().is_err(), "`{sql}` calls a host: {said}");
    }
}

pub const ATTACKS: [(u32, &str); 60] = [
    (CONFINEMENT, "SELECT file('{secret}')"),
    (CONFINEMENT, "SELECT `file`('{secret}')"),
    (CONFINEMENT, "SELECT * APPLY file FROM (SELECT '{secret}')"),
    (CONFINEMENT, "SELECT file('/proc/self/environ')"),
    (CONFINEMENT, "SELECT * FROM format(Values, 'x String', '(file(''{secret}''))')"),
    (386, "SELECT y FROM values('x UInt8, y String ALIAS file(''{secret}'')', 1)"),
    (GRANTS, "SELECT * FROM file('{secret}', 'LineAsString')"),
    (GRANTS, "DESCRIBE TABLE file('{secret}')"),
    (GRANTS, "SELECT * FROM default.`{secret}`"),
    (GRANTS, "INSERT INTO FUNCTION file('{new}', 'CSV', 'x UInt8') SELECT 1"),
    (701, "SELECT * FROM fileCluster('c', '{secret}')"),
    (GRANTS, "CREATE TABLE a (x String) ENGINE = File(CSV)"),
    (GRANTS, "CREATE TABLE a (x String) ENGINE = SQLite('{new}', 't')"),
    (GRANTS, "CREATE DATABASE a ENGINE = SQLite('{new}')"),
    (GRANTS, "CREATE DATABASE a ENGINE = Filesystem('/etc')"),
    (481, "SELECT * FROM sqlite('{new}', 't')"),
    (1001, "CREATE TABLE a (x UInt8) ENGINE = EmbeddedRocksDB(0, '{new}') PRIMARY KEY x"),
    (481, "ATTACH TABLE a FROM '/etc' (x UInt8) ENGINE = MergeTree ORDER BY x"),
    (LEXER, "SELECT 1 INTO OUTFILE '{new}'"),
    (LEXER, "SELECT ‘'’ INTO OUTFILE '{new}' --'"),
    (LEXER, "SELECT “\"” INTO OUTFILE '{new}' --\""),
    (LEXER, "SELECT 1 INTO\u{a0}OUTFILE '{new}'"),
    (LEXER, "SELECT 1 // '\n INTO OUTFILE '{new}' --'"),
    (LEXER, "SELECT 1 /* /* */ ' */ INTO OUTFILE '{new}' --'"),
    (LEXER, "SELECT 1 AS a$b$ INTO OUTFILE '{new}' -- $b$"),
    (LEXER, "INSERT INTO t FROM INFILE '{secret}' FORMAT CSV"),
    (CONSTRAINTS, "SELECT 1 FORMAT Template SETTINGS format_template_resultset = '{secret}'"),
    (CONSTRAINTS, "SELECT 1 FORMAT Template SETTINGS format_template_row = '{secret}'"),
    (CONSTRAINTS, "SELECT 1 FORMAT Protobuf SETTINGS format_schema = '{secret}:x'"),
    (CONSTRAINTS, "SET format_template_row = '{secret}'"),
    (CONSTRAINTS, "SET dialect = 'kusto'"),
    (CONSTRAINTS, "SET max_parser_depth = 0"),
    (
        CONSTRAINTS,
        "CREATE TABLE a (x UInt8) ENGINE = MergeTree ORDER BY x SETTINGS disk = disk(type = web, endpoint = 'http://{host}/')",
    ),
    (
        36,
        "CREATE TABLE a (x UInt8) ENGINE = MergeTree ORDER BY x SETTINGS disk = disk(type = local, path = '{new}/')",
    ),
    (GRANTS, "SELECT * FROM url('http://{host}/', 'LineAsString')"),
    (GRANTS, "SELECT * FROM s3('http://{host}/bucket/key', 'LineAsString')"),
    (GRANTS, "SELECT * FROM remote('{host}', 'default', 't', 'u', 'p')"),
    (GRANTS, "SELECT * FROM mysql('{host}', 'd', 't', 'u', 'p')"),
    (GRANTS, "SELECT * FROM postgresql('{host}', 'd', 't', 'u', 'p')"),
    (GRANTS, "SELECT * FROM mongodb('{host}', 'd', 't', 'u', 'p', 'x String')"),
    (GRANTS, "SELECT * FROM redis('{host}', 'x', 'x String')"),
    (GRANTS, "SELECT * FROM hdfs('hdfs://{host}/x', 'CSV')"),
    (GRANTS, "CREATE TABLE a (x String) ENGINE = URL('http://{host}/', CSV)"),
    (
        GRANTS,
        "CREATE TABLE a (x String) ENGINE = Kafka SETTINGS kafka_broker_list = '{host}', kafka_topic_list = 'a', kafka_group_name = 'b', kafka_format = 'CSV'",
    ),
    (
        GRANTS,
        "CREATE DICTIONARY a (x UInt8) PRIMARY KEY x SOURCE(EXECUTABLE(COMMAND 'touch {new}' FORMAT CSV)) LAYOUT(FLAT()) LIFETIME(0)",
    ),
    (
        GRANTS,
        "CREATE DICTIONARY a (x UInt8) PRIMARY KEY x SOURCE(HTTP(URL 'http://{host}/' FORMAT CSV)) LAYOUT(FLAT()) LIFETIME(0)",
    ),
    (1, "SELECT * FROM executable('touch', 'CSV', 'x String')"),
    (GRANTS, "CREATE FUNCTION a AS x -> file(x)"),
    (GRANTS, "CREATE NAMED COLLECTION a AS url = 'http://{host}/'"),
    (GRANTS, "BACKUP TABLE system.one TO File('{new}')"),
    (318, "RESTORE TABLE a FROM File('{secret}')"),
    (GRANTS, "SYSTEM SHUTDOWN"),
    (GRANTS, "SYSTEM KILL"),
    (GRANTS, "SYSTEM FLUSH LOGS"),
    (GRANTS, "SYSTEM DROP MARK CACHE"),
    (GRANTS, "CREATE USER a"),
    (GRANTS, "GRANT ALL ON *.* TO default"),
    (GRANTS, "GRANT FILE ON *.* TO default"),
    (GRANTS, "SELECT addressToLine(1) SETTINGS allow_introspection_functions = 1"),
    (344, "EXECUTE AS default SELECT 1"),
];

#[test]
fn the_token_is_no_way_out_of_the_data_folder() {
    let (place, prey) = (Place::new(), Prey::new());
    // Read before the process confines itself.
    std::fs::write(place.path(".env"), "CLICKHOUSE_DATABASE=aiviews\n").expect("written");
    let serve = place.serve();
    let mut wrong = Vec::new();
    for (code, attack) in ATTACKS {
        let sql = prey.aim(attack);
        let said = send(&serve, TOKEN, &sql, &POST);
        if !said.starts_with(&format!("Code: {code}.")) {
            wrong.push(format!("`{sql}`: expected {code}, found {said}"));
        }
        prey.assert_untouched(&sql, &said);
        let said = send(&serve, TOKEN, &sql, &[]);
        assert!(said.starts_with("Code: "), "`{sql}` by GET: {said}");
        prey.assert_untouched(&sql, &said);
    }
    assert_eq!(wrong, Vec::<String>::new());
    // Neither a deep statement nor a long one ends the process or fills its memory.
    let deep = format!("SELECT {}1{}", "(".repeat(1_100), ")".repeat(1_100));
    let said = send(&serve, TOKEN, &deep, &["--data-urlencode", "max_parser_depth=0"]);
    assert!(said.starts_with("Code: 452."), "{said}");
    let said = send(&serve, TOKEN, &deep, &POST);
    assert!(said.starts_with("Code: 306."), "{said}");
    assert_eq!(send(&serve, TOKEN, "SELECT 1", &POST), "1\n");
}

/// Where the engine's own walls are gone, the system's stands: all is granted here, and nothing is a constraint.
#[test]
fn the_system_confines_an_engine_that_may_do_everything() {
    let (place, prey) = (Place::new(), Prey::new());
    let folder = place.path("data/aiviews.config.d");
    std::fs::create_dir_all(&folder).expect("a folder");
    let users = place.path("data/all.xml");
    let pointer = format!("<clickhouse><users_config>{}</users_config></clickhouse>", users.display());
    std::fs::write(folder.join("users.xml"), pointer).expect("written");
    let text = "<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users><default><password></password>\
         <profile>default</profile><quota>default</quota><networks><ip>::/0</ip></networks></default></users></clickhouse>";
    std::fs::write(users, text).expect("written");
    let serve = place.serve();
    for sql in [
        "SELECT * FROM file('{secret}', 'LineAsString')",
        "INSERT INTO FUNCTION file('{new}', 'CSV', 'x UInt8') SELECT 1",
        "SELECT 1 AS x FORMAT Template SETTINGS format_template_resultset = '{secret}'",
        "SELECT * FROM url('http://{host}/', 'LineAsString') SETTINGS http_max_tries = 1",
        "SELECT * FROM remote('{host}', 'default', 't') SETTINGS connections_with_failover_max_tries = 1",
        "BACKUP TABLE system.one TO File('{new}')",
    ] {
        let sql = prey.aim(sql);
        let said = send(&serve, TOKEN, &sql, &POST);
        assert!(said.starts_with("Code: "), "`{sql}`: {said}");
        prey.assert_untouched(&sql, &said);
    }
    let made = prey.aim(
        "CREATE DICTIONARY a (x UInt8) PRIMARY KEY x SOURCE(EXECUTABLE(COMMAND 'touch {new}; echo 1' FORMAT CSV)) LAYOUT(FLAT()) LIFETIME(0)",
    );
    assert_eq!(send(&serve, TOKEN, &made, &POST), "");
    let said = send(&serve, TOKEN, "SELECT count() FROM a", &POST);
    assert!(said.starts_with("Code: "), "{said}");
    prey.assert_untouched(&made, &said);
}
