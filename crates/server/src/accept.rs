//! One loop per listener: takes connections in, and at the end waits for them.

use crate::connection::{self, Spoken};
use crate::door::Door;
use crate::serve::House;
use domain::Refusal;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How long to wait when the system has no file descriptor for a connection.
const OUT_OF_FILES: Duration = Duration::from_millis(50);

pub(crate) async fn run<D: Door>(
    house: Arc<House<D>>,
    listener: TcpListener,
    spoken: Spoken,
    mut stopped: watch::Receiver<()>,
) {
    let mut guests = JoinSet::new();
    loop {
        tokio::select! {
            _ = stopped.changed() => break,
            Some(_left) = guests.join_next(), if !guests.is_empty() => {}
            came = listener.accept() => match came {
                Ok((socket, peer)) => welcome(&house, &mut guests, socket, peer, &spoken),
                Err(why) => {
                    tracing::warn!(%why, "a connection could not be accepted");
                    tokio::time::sleep(OUT_OF_FILES).await;
                }
            },
        }
    }
    drop(listener);
    let emptied = async { while guests.join_next().await.is_some() {} };
    if tokio::time::timeout(house.limits.drain_time, emptied).await.is_err() {
        tracing::warn!(in_flight = house.in_flight(), "closing what has not finished in time");
    }
}

/// Beyond the bound a connection is closed at once.
fn welcome<D: Door>(
    house: &Arc<House<D>>,
    guests: &mut JoinSet<()>,
    socket: TcpStream,
    peer: SocketAddr,
    spoken: &Spoken,
) {
    let place = Place::take(house);
    if house.connections.load(Ordering::Relaxed) > house.limits.connections {
        house.refused(house.door.fresh_id(), peer.ip(), Refusal::TooMany);
        return;
    }
    let connection = connection::run(house.clone(), socket, peer.ip().to_canonical(), spoken.clone());
    guests.spawn(async move {
        let _place = place;
        connection.await;
    });
}

/// A place among the open connections, given back however the connection ends.
struct Place<D: Door>(Arc<House<D>>);

impl<D: Door> Place<D> {
    fn take(house: &Arc<House<D>>) -> Self {
        house.connections.fetch_add(1, Ordering::Relaxed);
        house.metrics.connections.inc();
        Self(house.clone())
    }
}

impl<D: Door> Drop for Place<D> {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
        self.0.metrics.connections.dec();
    }
}
