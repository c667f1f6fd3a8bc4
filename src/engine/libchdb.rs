//! The shared library `libchdb`, loaded at run time: the only unsafe code of the crate.
//!
//! Only the symbols in use are declared. Everything a caller gets is owned: results are freed and unfinished
//! queries cancelled when they are dropped. The library itself is never unloaded, since its threads live on.

#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::path::Path;
use std::ptr;

use super::error::LibraryError;
use super::exception::Exception;

/// The oldest library that has all symbols and semantics relied on, as (major, minor).
pub const OLDEST_SUPPORTED: (u32, u32) = (26, 7);

/// The loader's own words are the innermost cause.
fn cause(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), cause)
}

type Handle = *mut c_void;
type RunStatement = unsafe extern "C" fn(
    Handle,
    *const u8,
    usize,
    *const u8,
    usize,
    *const *const u8,
    *const usize,
    *const *const u8,
    *const usize,
    usize,
) -> Handle;

/// Declares the table of functions and how it is filled, one line per symbol.
macro_rules! symbols {
    ($($field:ident: $type:ty = $symbol:literal;)*) => {
        struct Symbols { $($field: $type,)* }

        impl Symbols {
            /// # Safety
            /// The symbols of `library` must have the declared signatures.
            unsafe fn resolve(library: &libloading::Library) -> Result<Self, &'static str> {
                Ok(Self { $($field: *unsafe { library.get($symbol) }.map_err(|_| $symbol)?,)* })
            }
        }
    };
}

symbols! {
    version: unsafe extern "C" fn() -> *const c_char = "chdb_version";
    connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut Handle = "chdb_connect";
    close: unsafe extern "C" fn(*mut Handle) = "chdb_close_conn";
    set_signal_handlers: unsafe extern "C" fn(c_int) = "chdb_set_signal_handlers_enabled";
    classify: unsafe extern "C" fn(Handle, *const u8, usize, *const u8, usize, *mut Classification) -> c_int
        = "chdb_classify_query_n";
    query: RunStatement = "chdb_query_with_params_n";
    stream: RunStatement = "chdb_stream_query_with_params_n";
    fetch: unsafe extern "C" fn(Handle, Handle) -> Handle = "chdb_stream_fetch_result";
    cancel_stream: unsafe extern "C" fn(Handle, Handle) = "chdb_stream_cancel_query";
    insert: RunStatement = "chdb_stream_insert_with_params_n";
    insert_error: unsafe extern "C" fn(Handle) -> *const c_char = "chdb_stream_insert_error";
    append: unsafe extern "C" fn(Handle, *const u8, usize) -> c_int = "chdb_stream_append";
    finish_insert: unsafe extern "C" fn(Handle) -> Handle = "chdb_stream_done";
    cancel_insert: unsafe extern "C" fn(Handle) = "chdb_stream_cancel_insert";
    destroy_insert: unsafe extern "C" fn(Handle) = "chdb_destroy_insert_stream";
    destroy: unsafe extern "C" fn(Handle) = "chdb_destroy_query_result";
    buffer: unsafe extern "C" fn(Handle) -> *const u8 = "chdb_result_buffer";
    length: unsafe extern "C" fn(Handle) -> usize = "chdb_result_length";
    error: unsafe extern "C" fn(Handle) -> *const c_char = "chdb_result_error";
    rows_returned: unsafe extern "C" fn(Handle) -> u64 = "chdb_result_rows_read";
    rows_read: unsafe extern "C" fn(Handle) -> u64 = "chdb_result_storage_rows_read";
    bytes_read: unsafe extern "C" fn(Handle) -> u64 = "chdb_result_storage_bytes_read";
    rows_written: unsafe extern "C" fn(Handle) -> u64 = "chdb_result_rows_written";
    bytes_written: unsafe extern "C" fn(Handle) -> u64 = "chdb_result_bytes_written";
}

/// What the library says of a text without running it.
#[derive(Debug, Clone, Copy)]
pub struct Classified {
    /// How many statements it holds.
    pub statements: u32,
    /// Whether it changes anything.
    pub class: Class,
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It changes nothing, neither data nor settings.
    ReadOnly,
    /// It may change data, structure or state.
    Other,
}

#[repr(C)]
#[derive(Default)]
struct Classification {
    struct_size: u32,
    statement_count: u32,
    flags: u32,
    class: u32,
}

unsafe extern "C" {
    fn _exit(status: c_int) -> !;
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    fn on_exit(function: extern "C" fn(c_int, *mut c_void), argument: *mut c_void) -> c_int;
}

/// Ends the process without running destructors. The engine's own race with its background threads: about one exit
/// in five was a segmentation fault. What was written is with the system by then, and what a statement has not
/// finished a kill would lose too, which the engine survives.
pub fn exit_at_once(status: u8) -> ! {
    // Nobody is left to tell where the streams are closed.
    let _ = std::io::Write::flush(&mut std::io::stdout());
    // SAFETY: ends the process; nothing of it runs afterwards.
    unsafe { _exit(status.into()) }
}

/// Has an ordinary exit of the process skip the destructors that were registered so far.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub fn skip_destructors_at_exit() {
    extern "C" fn leave(status: c_int, _: *mut c_void) {
        // SAFETY: ends the process; Rust's own output was flushed before `exit` was called.
        unsafe { _exit(status) }
    }
    // SAFETY: the function lives as long as the process.
    unsafe { on_exit(leave, std::ptr::null_mut()) };
}

/// Elsewhere an ordinary exit runs the destructors.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub fn skip_destructors_at_exit() {}

/// The loaded library: one per process.
pub struct Library {
    symbols: Symbols,
    version: String,
}

impl Library {
    /// Loads the file and checks its version before anything else of it is called.
    pub fn load(path: &Path) -> Result<Self, LibraryError> {
        let unsupported = |reason: String| LibraryError::Unsupported { path: path.to_owned(), reason };
        // SAFETY: loading runs the library's constructors; the file is the one the user or the installer named.
        let library = unsafe { libloading::Library::new(path) }
            .map_err(|error| LibraryError::NotLoadable { path: path.to_owned(), reason: cause(&error) })?;
        // SAFETY: the signatures are those of the supported versions, which is checked right below.
        let symbols = unsafe { Symbols::resolve(&library) }
            .map_err(|symbol| unsupported(format!("it has no `{symbol}`")))?;
        std::mem::forget(library);
        // SAFETY: takes nothing, returns a static string or null.
        let version = unsafe { text((symbols.version)()) }.unwrap_or_default();
        if version_numbers(&version).is_none_or(|found| found < OLDEST_SUPPORTED) {
            let (major, minor) = OLDEST_SUPPORTED;
            return Err(unsupported(format!("version `{version}` found, {major}.{minor} or newer expected")));
        }
        // SAFETY: called before the first connection, as the library asks.
        unsafe { (symbols.set_signal_handlers)(0) };
        Ok(Self { symbols, version })
    }

    /// The library's own version, such as `26.7.3`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Opens a connection; `None` if the engine refuses, its reason having gone to stderr.
    pub fn connect(&'static self, arguments: &[String]) -> Option<Connection> {
        let mut arguments: Vec<CString> =
            arguments.iter().map(|argument| CString::new(argument.as_str()).ok()).collect::<Option<_>>()?;
        let mut pointers: Vec<*mut c_char> =
            arguments.iter_mut().map(|argument| argument.as_ptr().cast_mut()).collect();
        // SAFETY: argc and argv agree, and argv lives through the call.
        let outer = unsafe { (self.symbols.connect)(pointers.len() as c_int, pointers.as_mut_ptr()) };
        if outer.is_null() {
            return None;
        }
        // SAFETY: a non-null result points to the connection until it is closed.
        Some(Connection { library: self, outer, inner: unsafe { *outer } })
    }

    /// # Safety
    /// `result` must be a result handle of this library that nobody else frees.
    unsafe fn own(&'static self, result: Handle) -> Result<Output, Exception> {
        let output = Output { library: self, result };
        if result.is_null() {
            return Err(Exception::internal("the engine returned nothing"));
        }
        // SAFETY: the handle is valid until `output` is dropped; the text is copied.
        match unsafe { text((self.symbols.error)(result)) } {
            Some(message) => Err(Exception::from_engine(&message)),
            None => Ok(output),
        }
    }
}

/// The first two numbers of a version.
pub fn version_numbers(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// # Safety
/// `pointer` must be null or a valid C string.
unsafe fn text(pointer: *const c_char) -> Option<String> {
    // SAFETY: as the caller promises.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

/// A statement with the name of the format of its data and its query parameters, values escaped.
pub struct Statement<'a> {
    /// The text, one statement.
    pub sql: &'a [u8],
    /// The format of the result, or of the data for an insert; a FORMAT clause in the text wins.
    pub format: &'a str,
    /// Names and escaped values.
    pub parameters: &'a [(String, String)],
}

/// One session of the engine. Every call needs it exclusively, since a connection runs one statement at a time.
pub struct Connection {
    library: &'static Library,
    outer: *mut Handle,
    inner: Handle,
}

// SAFETY: the library binds a connection to no thread; `&mut self` keeps its callers apart.
unsafe impl Send for Connection {}

impl Connection {
    /// Runs a statement to its end and returns the whole result.
    pub fn query(&mut self, statement: &Statement) -> Result<Output, Exception> {
        // SAFETY: the connection is open, and the call returns a result of our own.
        unsafe { self.library.own(self.run(self.library.symbols.query, statement)) }
    }

    /// Starts a SELECT whose result comes in chunks.
    pub fn stream(&mut self, statement: &Statement) -> Result<Stream<'_>, Exception> {
        // SAFETY: as in `query`.
        let handle = unsafe { self.library.own(self.run(self.library.symbols.stream, statement)) }?;
        Ok(Stream { library: self.library, connection: self.inner, handle, ended: false, of: PhantomData })
    }

    /// Starts an insert that takes its data in pieces.
    pub fn insert(&mut self, statement: &Statement) -> Result<Insert<'_>, Exception> {
        // SAFETY: the connection is open; the handle is owned by the returned value.
        let handle = unsafe { self.run(self.library.symbols.insert, statement) };
        let insert = Insert { library: self.library, handle, finished: false, of: PhantomData };
        insert.check()?;
        Ok(insert)
    }

    /// What kind of statement the text is, and how many; `None` if it cannot be parsed.
    pub fn classify(&mut self, sql: &[u8]) -> Option<Classified> {
        let mut found =
            Classification { struct_size: size_of::<Classification>() as u32, ..Default::default() };
        let classify = self.library.symbols.classify;
        // SAFETY: lengths belong to their pointers; null is the current database; the struct says its size.
        let code = unsafe { classify(self.inner, sql.as_ptr(), sql.len(), ptr::null(), 0, &raw mut found) };
        let class = if found.class == 0 { Class::ReadOnly } else { Class::Other };
        (code == 0).then_some(Classified { statements: found.statement_count, class })
    }

    /// # Safety
    /// The caller owns the returned handle.
    unsafe fn run(&mut self, function: RunStatement, statement: &Statement) -> Handle {
        let column = |pick: fn(&(String, String)) -> &String| -> (Vec<*const u8>, Vec<usize>) {
            statement.parameters.iter().map(pick).map(|text| (text.as_ptr(), text.len())).unzip()
        };
        let (names, name_lengths) = column(|parameter| &parameter.0);
        let (values, value_lengths) = column(|parameter| &parameter.1);
        // SAFETY: every pointer comes with its length, and all live through the call.
        unsafe {
            function(
                self.inner,
                statement.sql.as_ptr(),
                statement.sql.len(),
                statement.format.as_ptr(),
                statement.format.len(),
                names.as_ptr(),
                name_lengths.as_ptr(),
                values.as_ptr(),
                value_lengths.as_ptr(),
                statement.parameters.len(),
            )
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: opened by `connect`, closed only here.
        unsafe { (self.library.symbols.close)(self.outer) }
    }
}

/// What a statement read, returned and wrote.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counters {
    /// Rows of the result.
    pub rows_returned: u64,
    /// Rows read from storage.
    pub rows_read: u64,
    /// Bytes read from storage.
    pub bytes_read: u64,
    /// Rows written.
    pub rows_written: u64,
    /// Bytes written.
    pub bytes_written: u64,
}

/// A result, or one chunk of it.
pub struct Output {
    library: &'static Library,
    result: Handle,
}

// SAFETY: a result is a buffer of its own, bound to no thread.
unsafe impl Send for Output {}

impl Output {
    /// The formatted rows.
    pub fn bytes(&self) -> &[u8] {
        let symbols = &self.library.symbols;
        // SAFETY: buffer and length describe memory that lives as long as the result.
        unsafe {
            let (buffer, length) = ((symbols.buffer)(self.result), (symbols.length)(self.result));
            if buffer.is_null() { &[] } else { std::slice::from_raw_parts(buffer, length) }
        }
    }

    /// The statement's counters so far.
    pub fn counters(&self) -> Counters {
        let symbols = &self.library.symbols;
        // SAFETY: plain getters on a valid result.
        unsafe {
            Counters {
                rows_returned: (symbols.rows_returned)(self.result),
                rows_read: (symbols.rows_read)(self.result),
                bytes_read: (symbols.bytes_read)(self.result),
                rows_written: (symbols.rows_written)(self.result),
                bytes_written: (symbols.bytes_written)(self.result),
            }
        }
    }
}

impl AsRef<[u8]> for Output {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if !self.result.is_null() {
            // SAFETY: freed only here.
            unsafe { (self.library.symbols.destroy)(self.result) }
        }
    }
}

/// A running SELECT; cancelled when dropped before its end.
pub struct Stream<'a> {
    library: &'static Library,
    connection: Handle,
    handle: Output,
    ended: bool,
    of: PhantomData<&'a mut Connection>,
}

impl Stream<'_> {
    /// The next chunk; `None` at the end.
    pub fn next_chunk(&mut self) -> Result<Option<Output>, Exception> {
        if self.ended {
            return Ok(None);
        }
        // SAFETY: both handles are open; the chunk is owned by what `own` returns.
        let chunk =
            unsafe { self.library.own((self.library.symbols.fetch)(self.connection, self.handle.result)) };
        self.ended = chunk.as_ref().map_or(true, |chunk| chunk.bytes().is_empty());
        chunk.map(|chunk| (!self.ended).then_some(chunk))
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        if !self.ended {
            // SAFETY: both handles are still open.
            unsafe { (self.library.symbols.cancel_stream)(self.connection, self.handle.result) }
        }
    }
}

/// A running insert; cancelled when dropped before `finish`.
pub struct Insert<'a> {
    library: &'static Library,
    handle: Handle,
    finished: bool,
    of: PhantomData<&'a mut Connection>,
}

impl Insert<'_> {
    /// Hands over the next bytes of data; waits while the engine is busy with the ones before.
    pub fn append(&mut self, data: &[u8]) -> Result<(), Exception> {
        // SAFETY: the handle is open, the length is the data's.
        if unsafe { (self.library.symbols.append)(self.handle, data.as_ptr(), data.len()) } == 0 {
            return Ok(());
        }
        self.check()?;
        Err(Exception::internal("the engine refused more data"))
    }

    /// Ends the data and waits until all of it is written.
    pub fn finish(mut self) -> Result<Counters, Exception> {
        self.finished = true;
        // SAFETY: the handle is open; the result is owned by what `own` returns.
        let output = unsafe { self.library.own((self.library.symbols.finish_insert)(self.handle)) }?;
        Ok(output.counters())
    }

    fn check(&self) -> Result<(), Exception> {
        // SAFETY: the text is copied while the handle is open.
        match unsafe { text((self.library.symbols.insert_error)(self.handle)) } {
            Some(message) if !message.is_empty() => Err(Exception::from_engine(&message)),
            _ => Ok(()),
        }
    }
}

impl Drop for Insert<'_> {
    fn drop(&mut self) {
        // SAFETY: cancelled only if not finished, destroyed only here.
        unsafe {
            if !self.finished {
                (self.library.symbols.cancel_insert)(self.handle);
            }
            (self.library.symbols.destroy_insert)(self.handle);
        }
    }
}
