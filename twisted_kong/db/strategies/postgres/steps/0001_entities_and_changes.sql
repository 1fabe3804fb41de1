-- Every kind of entity lives in one table, as its JSON document; what must be found quickly stands beside it.
-- The kinds come from schemas, plugins' own among them, so no layout step is ever needed for a new one.
-- Everything is compared byte by byte: pages go by ascending id in the same order in every database.
create table entities (
    kind text collate "C" not null,
    id text collate "C" not null,
    document text not null,
    expires double precision,
    primary key (kind, id)
);

create index entities_by_end on entities (expires) where expires is not null;

-- Values that no two entities of a kind may share; "fields" names the constraint, "value" is a JSON array, or
-- its digest where it is longer than an index can hold.
create table unique_values (
    kind text collate "C" not null,
    fields text collate "C" not null,
    value text collate "C" not null,
    id text collate "C" not null,
    primary key (kind, fields, value)
);

-- Which entity refers to which.
create table foreign_keys (
    kind text collate "C" not null,
    field text collate "C" not null,
    parent text collate "C" not null,
    id text collate "C" not null,
    primary key (kind, field, parent, id)
);

create table tags (
    id text collate "C" not null,
    ordinal integer not null,
    kind text collate "C" not null,
    tag text collate "C" not null,
    primary key (id, ordinal, kind)
);

create index tags_of_kind on tags (kind, tag, id);
create index tags_by_name on tags (tag, id, ordinal, kind);

-- The log: numbers without gaps, written last in the transaction of the entity, under an advisory lock.
-- Row 0 records no change.
create table changes (
    number bigint primary key,
    tag text not null,
    kind text not null,
    operation text not null,
    id text not null,
    keys text not null,
    origin text not null,
    at double precision not null,
    author text
);

insert into changes values (0, lpad(to_hex(floor(random() * 4294967296)::bigint), 8, '0'), '', 'create', '', '[]', '', 0, null);

-- From which definition of a kind its rows and what finds them were made.
create table kinds (
    name text primary key,
    layout text not null
);

-- The running nodes: "seen" is when one last reported, by this server's clock, (number, tag) the position it
-- had then applied. Updated in place several times a second, so there is room in each page.
create table members (
    instance text collate "C" primary key,
    id text not null,
    hostname text not null,
    version text not null,
    started double precision not null,
    seen timestamp with time zone not null,
    number bigint,
    tag text
) with (fillfactor = 50);
