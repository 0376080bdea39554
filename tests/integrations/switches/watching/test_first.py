from sqlalchemy import text
from integrations.switches.watching.polling import poll
from tests.integrations.switches.farm import FleetTalk
import time

def due(talk):
    with talk.database.transaction() as s:
        s.execute(text("UPDATE switch_watches SET due_at = now()"))
    return poll(talk.conversation.services)

def test_it(talk: FleetTalk):
    def p(x): print(x); print('-----')
    p(talk.say('switch counters @leaf "Eth1/[49-50]" --over 1s --top 5'))
    p(talk.say('switch watch @leaf counters "Eth1/[49-50]" --when "in > 1k" --name uplinks'))
    p(talk.say('switch watch all health --every 5m'))
    p(talk.say('switch watch @leaf "show interface brief" state --name ports'))
    p(talk.say('switch watch @leaf "show interface brief" stat --name ports'))
    p(talk.say('switch watch @leaf counters eth9/9'))
    p(talk.say('switch watch @leaf counters --when "inn > 5"'))
    due(talk); time.sleep(1)
    talk.farm.control("flap", switch="leaf01", interface="Ethernet1/1", state="down")
    talk.farm.fault("refused", "leaf02")
    due(talk); time.sleep(1)
    due(talk)
    for t in talk.told(): p(t)
    p(talk.say('switch watches'))
    o=talk.outcome('switch history uplinks')
    p(o.replies[0].markdown); p(o.replies[0].file.name)
    open('/tmp/h.png','wb').write(o.replies[0].file.content)
    p(talk.file('switch history uplinks --as csv').content.decode()[:500])
    p(talk.say('switch history ports'))
    p(talk.say('switch unwatch ports'))
    assert 0
