-- From which unique fields and references of a kind the rows beside its entities were made.
create table kinds (
    name text primary key,
    layout text not null
) strict, without rowid;
