//! stub
use super::*;
use crate::model::exchange::*; use crate::model::message::*; use crate::model::topic::*; use crate::model::time::Timestamp; use crate::model::connection::*; use crate::model::request::Request; use std::sync::Arc;
pub enum ConnectionEvent { State(ConnectionState), Begun(Box<Exchange>), Changed{id:ExchangeId,change:Change,at:Timestamp}, Arrived{message:Arc<Message>,verdict:MessageVerdict,at:Timestamp,responder:Option<Arc<str>>,near:Option<ExchangeId>}, Published{message:Arc<Message>,at:Timestamp,acknowledgement:Option<Reason>}, PublishFailed{message:Arc<Message>,problem:Problem}, Subscriptions(Vec<TopicFilter>) }
pub struct Connection;
pub type ConnectionSink = Arc<dyn Fn(ConnectionEvent)+Send+Sync>;
impl Connection { pub fn start(_r:&tokio::runtime::Handle,_o:ClientOptions,_l:Option<Arc<dyn Fn(&TopicName)->bool+Send+Sync>>,_s:ConnectionSink)->Self{Self}
 pub fn send(&self,_id:ExchangeId,_r:Arc<Request>,_m:Arc<Message>){} pub fn disconnect(&self){} pub fn reconnect_now(&self){} }
