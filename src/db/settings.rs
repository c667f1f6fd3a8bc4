//! Settings of statements that write.

/// Settings that decide results or safety, stated so that no server profile can change them.
pub(super) const WRITE_SETTINGS: &[(&str, &str)] = &[
    ("session_timezone", ""),
    ("join_use_nulls", "0"),
    ("group_by_use_nulls", "0"),
    ("aggregate_functions_null_for_empty", "0"),
    ("prefer_column_name_to_alias", "0"),
    ("group_by_overflow_mode", "throw"),
    ("join_overflow_mode", "throw"),
    ("read_overflow_mode", "throw"),
    ("result_overflow_mode", "throw"),
    ("async_insert", "0"),
    ("optimize_on_insert", "0"),
    ("max_partitions_per_insert_block", "0"),
    ("max_insert_threads", "1"),
    // Compiling expressions to machine code costs a small account more than its rows, and a batch gains nothing.
    ("compile_expressions", "0"),
    ("compile_aggregate_expressions", "0"),
    ("compile_sort_description", "0"),
    // Its filters are built for joins that drop rows; ours keep all, and pay for the building.
    ("enable_join_runtime_filters", "0"),
    // With FINAL only conditions on the sorting key are moved, and account and date are part of it: of the granules
    // that an account shares with its neighbours, its own rows are read.
    ("optimize_move_to_prewhere_if_final", "1"),
    ("insert_null_as_default", "0"),
    ("transform_null_in", "0"),
    ("max_execution_time", "0"),
    ("mutations_sync", "2"),
    ("alter_sync", "2"),
    // With the settings of our tables: what is told as done is on the disk.
    ("fsync_metadata", "1"),
];
