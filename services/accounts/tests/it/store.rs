//! An empty store with the shared tables.

pub use testkit::Store;

/// A store on the engine of this run, which must be there when it is asked for.
pub fn store() -> Store {
    Store::open(domain::schema::MIGRATIONS, domain::schema::TENANT_TABLES)
        .expect("the engine that EPISSURE_TEST_ENGINE names")
}
