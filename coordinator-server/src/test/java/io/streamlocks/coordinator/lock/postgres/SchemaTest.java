package io.streamlocks.coordinator.lock.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import io.streamlocks.coordinator.lock.postgres.generated.DefaultSchema;
import io.streamlocks.coordinator.lock.postgres.generated.Sequences;
import io.streamlocks.coordinator.lock.postgres.generated.Tables;
import io.streamlocks.testkit.rig.TestDatabase;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jooq.DataType;
import org.jooq.Field;
import org.jooq.Named;
import org.jooq.Param;
import org.jooq.Record;
import org.jooq.Result;
import org.jooq.Sequence;
import org.jooq.Table;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Compares the jOOQ classes, which are generated without a database, with a migrated database. Properties that those
 * classes do not show are compared with the reasons in {@code db/migration}.
 */
@Tag("postgres")
class SchemaTest {

    private static TestDatabase database;

    @BeforeAll
    static void migrate() {
        database = TestDatabase.migrated();
    }

    @AfterAll
    static void close() {
        database.close();
    }

    @Test
    void theSameTablesAndSequencesExist() {
        assertThat(names("""
                SELECT tablename FROM pg_tables
                WHERE schemaname = 'public' AND tablename <> 'stream_lock_schema_history'
                """))
                .containsExactlyInAnyOrderElementsOf(names(DefaultSchema.DEFAULT_SCHEMA.getTables().stream()));
        assertThat(names("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'"))
                .containsExactlyInAnyOrderElementsOf(names(DefaultSchema.DEFAULT_SCHEMA.getSequences().stream()));
    }

    static List<Table<?>> tables() {
        return DefaultSchema.DEFAULT_SCHEMA.getTables();
    }

    @ParameterizedTest
    @MethodSource("tables")
    void theColumnsHaveTheSameNamesOrderTypesLengthsAndNullability(Table<?> table) {
        List<Column> real = query(String.format(Locale.ROOT, """
                SELECT column_name, udt_name, character_maximum_length, is_nullable, column_default
                FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name = '%s'
                ORDER BY ordinal_position
                """, table.getName()))
                .map(row -> new Column(
                        row.get("column_name", String.class),
                        row.get("udt_name", String.class),
                        row.get("character_maximum_length", Integer.class),
                        row.get("is_nullable", String.class).equals("YES"),
                        row.get("column_default") != null));

        List<Column> generated =
                Stream.of(table.fields()).map(SchemaTest::column).toList();

        assertThat(generated).containsExactlyElementsOf(real);
    }

    @Test
    void thePrimaryKeyIsTheSameAndThereIsNoOtherConstraint() {
        assertThat(names("""
                SELECT a.attname
                FROM pg_constraint c, unnest(c.conkey) WITH ORDINALITY AS k (attnum, position)
                    JOIN pg_attribute a ON a.attrelid = 'stream_locks'::regclass AND a.attnum = k.attnum
                WHERE c.conrelid = 'stream_locks'::regclass AND c.contype = 'p'
                ORDER BY k.position
                """))
                .containsExactlyElementsOf(names(Tables.STREAM_LOCKS.getPrimaryKey().getFields().stream()))
                .containsExactly("stream_id");

        // PostgreSQL 18 also lists NOT NULL as a constraint, of type n.
        assertThat(names("""
                SELECT conname FROM pg_constraint
                WHERE conrelid = 'stream_locks'::regclass AND contype NOT IN ('p', 'n')
                """)).isEmpty();
        assertThat(Tables.STREAM_LOCKS.getUniqueKeys()).isEmpty();
        assertThat(Tables.STREAM_LOCKS.getChecks()).isEmpty();
        assertThat(Tables.STREAM_LOCKS.getReferences()).isEmpty();
    }

    @Test
    void theSequenceIsTheSame() {
        Sequence<Long> generated = Sequences.STREAM_LOCK_FENCING_TOKEN;
        Record real = sequence();

        assertThat(generated.getDataType().getTypeName()).isEqualTo(real.get("data_type", String.class));
        assertThat(value(generated.getMaxvalue())).isEqualTo(real.get("max_value", Long.class));
        assertThat(generated.getCycle()).isEqualTo(real.get("cycle", Boolean.class));
        assertThat(value(generated.getCache())).isEqualTo(real.get("cache_size", Long.class));
        // It is null for the default of SQL.
        assertThat(generated.getMinvalue()).isNull();
        assertThat(generated.getStartWith()).isNull();
        assertThat(generated.getIncrementBy()).isNull();
        assertThat(real.get("min_value", Long.class)).isEqualTo(1);
        assertThat(real.get("start_value", Long.class)).isEqualTo(1);
        assertThat(real.get("increment_by", Long.class)).isEqualTo(1);
    }

    @Test
    void noConnectionDrawsTokensFromABlockOfItsOwn() {
        assertThat(sequence().get("cache_size", Long.class)).isEqualTo(1);
    }

    @Test
    void everyTokenIsAnExactNumberInJavaScript() {
        assertThat(sequence().get("max_value", Long.class)).isEqualTo((1L << 53) - 1);
        assertThat(sequence().get("cycle", Boolean.class)).isFalse();
    }

    @Test
    void streamIdsSortByBytesWhateverTheLocale() {
        assertThat(names("""
                SELECT DISTINCT collation_name FROM information_schema.columns
                WHERE table_schema = 'public' AND column_name = 'stream_id'
                """)).containsExactly("C");
    }

    @Test
    void pagesKeepRoomForTheNextVersionOfTheirRows() {
        assertThat(names("SELECT unnest(reloptions) FROM pg_class WHERE oid = 'stream_locks'::regclass"))
                .contains("fillfactor=45");
    }

    @Test
    void noIndexButThePrimaryKeyIsUpdatedWithARow() {
        assertThat(query("SELECT indisprimary FROM pg_index WHERE indrelid = 'stream_locks'::regclass"))
                .singleElement()
                .satisfies(index -> assertThat(index.get(0)).isEqualTo(true));
    }

    private record Column(String name, String type, Integer length, boolean nullable, boolean defaulted) {}

    private static Column column(Field<?> field) {
        DataType<?> type = field.getDataType();
        // PostgreSQL reports its own name of the type.
        String name = database.sql()
                .fetchSingle(
                        "SELECT typname FROM pg_type WHERE oid = to_regtype(?)",
                        type.getCastTypeName(database.sql().configuration()))
                .get(0, String.class);
        return new Column(
                field.getName(), name, type.length() == 0 ? null : type.length(), type.nullable(), type.defaulted());
    }

    private static long value(Field<? extends Number> constant) {
        return ((Number) ((Param<?>) constant).getValue()).longValue();
    }

    private static Record sequence() {
        return database.sql()
                .fetchSingle("SELECT * FROM pg_sequences WHERE sequencename = 'stream_lock_fencing_token'");
    }

    private static Result<Record> query(String sql) {
        return database.sql().fetch(sql);
    }

    private static List<String> names(String sql) {
        return query(sql).map(row -> row.get(0, String.class));
    }

    private static List<String> names(Stream<? extends Named> named) {
        return named.map(Named::getName).toList();
    }
}
