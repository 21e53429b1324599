// An SMSC by node-smpp, which others wrote: it does what its one argument (JSON) says and tells what it saw.
const fs = require("fs");
const plan = JSON.parse(process.argv[2]);
const smpp = require(plan.library);
const tell = (what) => process.stdout.write(JSON.stringify(what) + "\n");
const options = plan.pem ? { key: fs.readFileSync(plan.pem), cert: fs.readFileSync(plan.pem) } : {};
let count = 0;

function text(message) {
  return Buffer.isBuffer(message) ? message.toString("hex") : message;
}

const server = smpp.createServer(options, (session) => {
  session.on("error", () => session.destroy());
  for (const mode of ["bind_transceiver", "bind_transmitter", "bind_receiver"]) {
    session.on(mode, (pdu) => {
      const right = !plan.password || pdu.password === plan.password;
      session.send(pdu.response(right ? { system_id: "node" } : { command_status: smpp.ESME_RINVPASWD }));
      if (!right || plan.quiet) return;
      tell({ bound: pdu.system_id, version: pdu.interface_version });
      for (const each of plan.texts || []) {
        session.deliver_sm(each, (answer) => tell({ acknowledged: answer.command_status }));
      }
      plan.texts = [];
      session.enquire_link(() => tell({ alive: true }));
    });
  }
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    if (!plan.quiet) tell({ unbound: true });
  });
  session.on("submit_sm", (pdu) => {
    count += 1;
    if (plan.throttle_every && count % plan.throttle_every === 0) {
      session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
      return;
    }
    if (plan.cut_every && count % plan.cut_every === 0) {
      session.destroy();
      return;
    }
    const id = count + 0xabc00;
    session.send(pdu.response({ message_id: id.toString(16).toUpperCase().padStart(10, "0") }));
    if (plan.quiet) return;
    const { udh, message } = pdu.short_message;
    tell({
      to: pdu.destination_addr, ton: pdu.dest_addr_ton, from: pdu.source_addr, coding: pdu.data_coding,
      udh: udh ? udh.map((element) => element.toString("hex")).join("") : "", text: text(message),
      registered: pdu.registered_delivery, service: pdu.service_type,
    });
    if (pdu.registered_delivery) {
      session.deliver_sm({
        source_addr: pdu.destination_addr, source_addr_ton: 1, destination_addr: pdu.source_addr,
        esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
        short_message: `id:${id} sub:001 dlvrd:001 submit date:2601010000 done date:2601010000 stat:DELIVRD err:000`,
      });
    }
  });
});
server.listen(0, "127.0.0.1", () => tell({ listening: server.address().port }));
