//! Settings that a user's profile must not decide.
//!
//! Found by running the golden cases and the verbs under each setting of the engine turned the other way
//! (`tests/it/settings.rs`). A limit with an error is its owner's to set; a limit that cuts silently is not.

/// A setting, the value that our statements are written for, and what another value does.
pub struct Setting {
    /// Name, as `system.settings` has it.
    pub name: &'static str,
    /// Value, as `system.settings` prints it.
    pub value: &'static str,
    /// What happens otherwise.
    pub reason: &'static str,
}

const fn stated(name: &'static str, value: &'static str, reason: &'static str) -> Setting {
    Setting { name, value, reason }
}

/// What every statement states, so that it means the same for every user.
pub const MEANING: &[Setting] = &[
    stated("compatibility", "", "an old version brings its own defaults of all the others"),
    stated("enable_analyzer", "1", "the old analyzer knows fewer names: whole statements fail"),
    stated("session_timezone", "", "today and now are another day"),
    stated("join_default_strictness", "ALL", "joins lose rows"),
    stated("join_use_nulls", "0", "what a join does not find is NULL"),
    stated("group_by_use_nulls", "0", "keys of groups become Nullable"),
    stated("aggregate_functions_null_for_empty", "0", "sums of nothing are NULL, and columns Nullable"),
    stated("empty_result_for_aggregation_by_empty_set", "0", "a count of nothing has no row"),
    stated("prefer_column_name_to_alias", "0", "a name means the column where we mean the alias"),
    stated("enable_global_with_statement", "1", "parts of a UNION do not see the common expressions"),
    stated("enable_positional_arguments", "1", "numbers in ORDER BY are constants"),
    stated("transform_null_in", "0", "NULL is found in lists"),
    stated("union_default_mode", "", "a plain UNION is something else"),
    stated("cast_keep_nullable", "0", "casts give Nullable"),
    stated("data_type_default_nullable", "0", "columns and casts are Nullable"),
    stated("use_query_cache", "0", "answers of yesterday, or a refusal because of the clock"),
    stated("final", "0", "counts of stored rows leave some out"),
    stated("apply_deleted_mask", "1", "deleted rows come back"),
    stated("limit", "0", "answers and checks are cut off"),
    stated("offset", "0", "answers and checks lose their first rows"),
    stated("additional_result_filter", "", "answers and checks lose rows"),
    stated("additional_table_filters", "{}", "tables lose rows: a row policy is the way to hide some"),
    stated("extremes", "0", "answers have a second part"),
    stated("distinct_overflow_mode", "throw", "rows are left out silently"),
    stated("group_by_overflow_mode", "throw", "groups are left out silently"),
    stated("join_overflow_mode", "throw", "rows are left out silently"),
    stated("read_overflow_mode", "throw", "rows are left out silently"),
    stated("read_overflow_mode_leaf", "throw", "rows are left out silently"),
    stated("result_overflow_mode", "throw", "rows are left out silently"),
    stated("set_overflow_mode", "throw", "values of IN are left out silently"),
    stated("sort_overflow_mode", "throw", "rows are left out silently"),
    stated("timeout_overflow_mode", "throw", "rows are left out silently"),
    stated("timeout_overflow_mode_leaf", "throw", "rows are left out silently"),
    stated("transfer_overflow_mode", "throw", "rows are left out silently"),
    stated("date_time_output_format", "simple", "times in answers are numbers"),
    stated("output_format_json_quote_64bit_integers", "0", "numbers in answers are text"),
    stated("output_format_json_quote_64bit_floats", "0", "numbers in answers are text"),
    stated("output_format_json_quote_decimals", "0", "numbers in answers are text"),
    stated("output_format_json_named_tuples_as_objects", "1", "answers have another shape"),
    stated(
        "output_format_binary_encode_types_in_binary_format",
        "0",
        "rows have a header that no client reads",
    ),
    stated(
        "input_format_binary_decode_types_in_binary_format",
        "0",
        "rows are read as if they had another header",
    ),
    stated("show_create_query_identifier_quoting_rule", "when_necessary", "views look changed"),
    stated("show_create_query_identifier_quoting_style", "Backticks", "views look changed"),
    stated("describe_compact_output", "0", "inserts do not find the columns' types"),
    stated("describe_include_virtual_columns", "0", "inserts do not find the columns' types"),
    stated("force_primary_key", "0", "what reads all of a small table is refused"),
    stated("force_index_by_date", "0", "what reads all of a small table is refused"),
    stated("force_optimize_projection", "0", "tables without a projection, as ours are, cannot be read"),
    stated("implicit_transaction", "0", "a server without transactions refuses every statement"),
    stated("make_distributed_plan", "0", "what reads system tables is refused"),
    stated("inject_random_order_for_select_without_order_by", "0", "one-row answers have another shape"),
];

/// What statements that write state besides.
pub const WRITING: &[Setting] = &[
    stated("async_insert", "0", "rows arrive later, or not at all"),
    stated("optimize_on_insert", "0", "sorting and merging what is sorted and merged costs time"),
    stated("max_partitions_per_insert_block", "0", "a batch has many partitions, one per account"),
    stated("max_insert_threads", "1", "a partition is written as several parts"),
    // Compiling expressions to machine code costs a small account more than its rows, and a batch gains nothing.
    stated("compile_expressions", "0", "compiling costs more than it saves"),
    stated("compile_aggregate_expressions", "0", "compiling costs more than it saves"),
    stated("compile_sort_description", "0", "compiling costs more than it saves"),
    // Its filters are built for joins that drop rows; ours keep all, and pay for the building.
    stated("enable_join_runtime_filters", "0", "filters are built in vain"),
    // With FINAL only conditions on the sorting key are moved, and account and date are part of it: of the granules
    // that an account shares with its neighbours, its own rows are read.
    stated("optimize_move_to_prewhere_if_final", "1", "rows of the neighbours are read"),
    stated("deduplicate_insert_select", "enable_when_possible", "what we insert from a SELECT is refused"),
    stated("insert_null_as_default", "0", "a NULL by mistake becomes a value"),
    stated("max_execution_time", "0", "a long batch is broken off"),
    stated("mutations_sync", "2", "a change is not yet there when it is said to be done"),
    stated("alter_sync", "2", "a change is not yet on every replica when it is said to be done"),
    // With the settings of our tables: what is told as done is on the disk.
    stated("fsync_metadata", "1", "what is told as done is not on the disk"),
];
