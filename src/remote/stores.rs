//! The stores of a process, each connected once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use crate::error::Result;
use crate::remote::address::Address;
#[cfg(any(feature = "hdfs", feature = "object-store"))]
use crate::remote::address::Kind;
#[cfg(feature = "hdfs")]
use crate::remote::hdfs::Hdfs;
#[cfg(feature = "object-store")]
use crate::remote::objects;
use crate::remote::store::Store;

/// By scheme and authority.
type Stores = Mutex<HashMap<String, Arc<dyn Store>>>;

fn stores() -> &'static Stores {
    static STORES: OnceLock<Stores> = OnceLock::new();
    STORES.get_or_init(Stores::default)
}

/// The store of an address. The first time it is made ready: its credentials are looked for, and nothing else.
///
/// # Errors
/// [`Error::Config`](crate::Error::Config) for a store that this build does not know, those of settings and credentials.
pub(crate) fn at(address: &Address) -> Result<Arc<dyn Store>> {
    address.check_built_in()?;
    let mut stores = stores().lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(store) = stores.get(address.store()) {
        return Ok(store.clone());
    }
    let store = connect(address)?;
    stores.insert(address.store().to_owned(), store.clone());
    Ok(store)
}

fn connect(address: &Address) -> Result<Arc<dyn Store>> {
    match address.kind() {
        #[cfg(feature = "hdfs")]
        Some(Kind::Hdfs) => Ok(Hdfs::connect(address)?),
        #[cfg(feature = "object-store")]
        Some(Kind::Objects) => objects::connect(address),
        _ => Err(address.check_built_in().expect_err("a store that is built in has a kind")),
    }
}

/// Puts a store of a test where an address finds it.
#[cfg(all(test, feature = "object-store"))]
pub(crate) fn put_in_place(name: &str, store: Arc<dyn Store>) {
    stores().lock().unwrap().insert(name.to_owned(), store);
}
