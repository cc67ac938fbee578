//! The process itself.

use crate::server::{Server, engine};

#[tokio::test]
async fn smoke() {
    let Some(server) = Server::start(engine()) else {
        return;
    };
    let mut client = server.machine("HIRO");
    let reply = client.fci("listerEvenements", None, &[]).await.unwrap();
    println!("{} {}", reply.status, reply.body);
    panic!();
}
