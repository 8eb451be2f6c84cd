package dev.agentloop.testkit;

import dev.agentloop.Model;

class ScriptedModelContractTest extends ModelContract {
    @Override
    protected Model answering(ScriptedResponse... script) {
        return ScriptedModel.answering(script);
    }
}
