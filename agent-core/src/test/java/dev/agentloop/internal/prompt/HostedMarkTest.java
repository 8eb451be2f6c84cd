package dev.agentloop.internal.prompt;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Item;
import dev.agentloop.internal.call.HostCalls;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostedMarkTest {
    private static final String SECRET = "a secret";

    private static Item item(String fields) {
        return Item.of(("{" + fields.replace('\'', '"') + "}").getBytes(UTF_8));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'type':'shell_call','call_id':'c','status':'completed','action':{'commands':['a secret']},"
                        + "'environment':{'type':'local','skills':[{'name':'a secret'}]}"
                        + "|'type':'shell_call_output','call_id':'c','output':[{'stdout':'a secret','stderr':'a secret',"
                        + "'outcome':{'type':'timeout'}}]",
                "'type':'local_shell_call','id':'i','call_id':'c','status':'completed','action':{'type':'exec',"
                        + "'command':['a secret'],'env':{'A':'a secret'},'working_directory':'a secret'}"
                        + "|'type':'local_shell_call_output','call_id':'c','output':'a secret'",
                "'type':'computer_call','id':'i','call_id':'c','status':'completed','action':{'type':'type',"
                        + "'text':'a secret'},'pending_safety_checks':[{'id':'s','message':'a secret'}]"
                        + "|'type':'computer_call_output','call_id':'c','output':{'type':'computer_screenshot',"
                        + "'image_url':'data:image/png;base64,a secret'}",
                "'type':'apply_patch_call','call_id':'c','status':'completed','operation':{'type':'update_file',"
                        + "'path':'a secret','diff':'a secret'}"
                        + "|'type':'apply_patch_call_output','call_id':'c','status':'failed','output':'a secret'",
                "'type':'tool_search_call','call_id':'c','execution':'client','status':'completed',"
                        + "'arguments':{'q':'a secret'}"
                        + "|'type':'tool_search_output','call_id':'c','execution':'client','tools':[{'type':'function',"
                        + "'name':'a secret'}]",
                "'type':'mcp_approval_request','id':'r','server_label':'l','name':'n','arguments':'a secret'"
                        + "|'type':'mcp_approval_response','approval_request_id':'r','approve':true,'reason':'a secret'",
            })
    void marksOfACallAndOfItsAnswer_sayNothing_andStayAPair(String call, String answer) {
        Item one = item(call);
        Item other = item(answer);
        for (List<Item> pair : List.of(List.of(ItemMark.of(one), other), List.of(one, ItemMark.of(other)))) {
            HostCalls calls = new HostCalls();
            pair.forEach(calls::note);
            assertThat(calls.unanswered()).isNull();
            assertThat(HostCalls.strayAnswer(pair)).isNull();
        }
        HostCalls alone = new HostCalls();
        alone.note(ItemMark.of(one));
        assertThat(alone.unanswered()).as("it still is the host's to answer").isNotNull();
        for (Item item : List.of(one, other)) {
            Item mark = ItemMark.of(item);
            assertThat(mark.json()).doesNotContain(SECRET);
            assertThat(mark.type()).isEqualTo(item.type());
            assertThat(ItemMark.of(mark)).isEqualTo(mark);
        }
    }
}
