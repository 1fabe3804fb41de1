-- The nodes that run on this file: "seen" is when one last reported, number and tag are the position it had applied.
create table members (
    instance text primary key,
    id text not null,
    hostname text not null,
    version text not null,
    started real not null,
    seen real not null,
    number integer,
    tag text
) strict, without rowid;
