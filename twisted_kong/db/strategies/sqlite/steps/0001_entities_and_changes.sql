-- Every kind of entity lives in one table, as its JSON document; what must be found quickly stands beside it.
-- The kinds come from schemas, plugins' own among them, so no layout step is ever needed for a new one.
create table entities (
    row integer primary key,
    kind text not null,
    id text not null,
    document blob not null,
    expires real,
    unique (kind, id)
) strict;

create index entities_by_end on entities (expires) where expires is not null;

-- Values that no two entities of a kind may share; "fields" names the constraint, "value" is a JSON array.
create table unique_values (
    kind text not null,
    fields text not null,
    value text not null,
    id text not null,
    primary key (kind, fields, value)
) strict, without rowid;

-- Which entity refers to which.
create table foreign_keys (
    kind text not null,
    field text not null,
    parent text not null,
    id text not null,
    primary key (kind, field, parent, id)
) strict, without rowid;

create table tags (
    id text not null,
    ordinal integer not null,
    kind text not null,
    tag text not null,
    primary key (id, ordinal, kind)
) strict, without rowid;

create index tags_of_kind on tags (kind, tag, id);
create index tags_by_name on tags (tag, id, ordinal, kind);

-- The log: numbers without gaps, written last in the transaction of the entity. Row 0 records no change.
create table changes (
    number integer primary key,
    tag text not null,
    kind text not null,
    operation text not null,
    id text not null,
    keys text not null,
    origin text not null,
    at real not null,
    author text
) strict;

insert into changes values (0, lower(hex(randomblob(4))), '', 'create', '', '[]', '', 0, null);
