package dev.agentloop.tools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Pins schemas character by character: they are sent as they are, and a changed one is a new prompt. */
final class SchemaTextTest {

    @ParameterizedTest(name = "{0}, strict {1}")
    @MethodSource
    void schema_ofRecord_isExactlyThisText(Class<? extends Record> type, boolean strict, String lines) {
        String expected = lines.lines().map(String::strip).collect(Collectors.joining());

        assertThat(new RecordType<>(type, strict).schema()).isEqualTo(expected);
    }

    static Stream<Arguments> schema_ofRecord_isExactlyThisText() {
        return Stream.of(
                        plain(),
                        formats(),
                        optional(),
                        nullable(),
                        collections(),
                        descriptions(),
                        sealedInterfaces(),
                        recursion(),
                        mutualRecursion())
                .flatMap(rows -> rows);
    }

    private static Stream<Arguments> plain() {
        return Stream.of(
                arguments(TypedZoo.Nothing.class, true, """
                        {"type":"object","properties":{},"required":[],"additionalProperties":false}"""),
                arguments(TypedZoo.Numbers.class, true, """
                        {"type":"object","properties":{
                        "b":{"type":"integer"},"s":{"type":"integer"},"i":{"type":"integer"},"l":{"type":"integer"},
                        "f":{"type":"number"},"d":{"type":"number"},"boxed":{"type":"integer"},
                        "big":{"type":"integer"},"exact":{"type":"number"}},
                        "required":["b","s","i","l","f","d","boxed","big","exact"],"additionalProperties":false}"""),
                arguments(TypedZoo.Texts.class, true, """
                        {"type":"object","properties":{
                        "text":{"type":"string"},
                        "flag":{"type":"boolean"},
                        "unit":{"type":"string","enum":["CELSIUS","FAHRENHEIT"]},
                        "id":{"type":"string","format":"uuid"},
                        "link":{"type":"string"}},
                        "required":["text","flag","unit","id","link"],"additionalProperties":false}"""));
    }

    private static Stream<Arguments> formats() {
        return Stream.of(arguments(TypedZoo.Texts.class, false, """
                        {"type":"object","properties":{
                        "text":{"type":"string"},
                        "flag":{"type":"boolean"},
                        "unit":{"type":"string","enum":["CELSIUS","FAHRENHEIT"]},
                        "id":{"type":"string","format":"uuid"},
                        "link":{"type":"string","format":"uri-reference"}},
                        "required":["text","flag","unit","id","link"],"additionalProperties":false}"""), arguments(TypedZoo.Times.class, true, """
                        {"type":"object","properties":{
                        "instant":{"type":"string","format":"date-time"},
                        "moment":{"type":"string","format":"date-time"},
                        "time":{"type":"string","format":"time"},
                        "date":{"type":"string","format":"date"},
                        "localTime":{"type":"string","pattern":
                        "^[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\\\.[0-9]{1,9})?)?$"},
                        "localMoment":{"type":"string","pattern":
                        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\\\\.[0-9]{1,9})?)?$"},
                        "duration":{"type":"string","format":"duration"},
                        "period":{"type":"string","format":"duration"}},
                        "required":["instant","moment","time","date","localTime","localMoment","duration","period"],
                        "additionalProperties":false}"""));
    }

    private static Stream<Arguments> optional() {
        return Stream.of(
                arguments(TypedZoo.Optionals.class, true, """
                        {"type":"object","properties":{
                        "text":{"type":["string","null"]},
                        "unit":{"anyOf":[{"type":"string","enum":["CELSIUS","FAHRENHEIT"]},{"type":"null"}]},
                        "date":{"anyOf":[{"type":"string","format":"date"},{"type":"null"}]},
                        "point":{"anyOf":[{"type":"object","description":"a point of the plane","properties":{
                        "x":{"type":"integer"},"y":{"type":"integer"}},
                        "required":["x","y"],"additionalProperties":false},{"type":"null"}]},
                        "list":{"anyOf":[{"type":"array","items":{"type":"string"}},{"type":"null"}]},
                        "i":{"type":["integer","null"]},
                        "l":{"type":["integer","null"]},
                        "d":{"type":["number","null"]}},
                        "required":["text","unit","date","point","list","i","l","d"],"additionalProperties":false}"""), arguments(TypedZoo.Optionals.class, false, """
                        {"type":"object","properties":{
                        "text":{"type":"string"},
                        "unit":{"type":"string","enum":["CELSIUS","FAHRENHEIT"]},
                        "date":{"type":"string","format":"date"},
                        "point":{"type":"object","description":"a point of the plane","properties":{
                        "x":{"type":"integer"},"y":{"type":"integer"}},
                        "required":["x","y"],"additionalProperties":false},
                        "list":{"type":"array","items":{"type":"string"}},
                        "i":{"type":"integer"},
                        "l":{"type":"integer"},
                        "d":{"type":"number"}},
                        "required":[],"additionalProperties":false}"""));
    }

    private static Stream<Arguments> nullable() {
        return Stream.of(arguments(TypedZoo.Nullables.class, true, """
                        {"type":"object","properties":{
                        "text":{"type":["string","null"]},
                        "number":{"type":["integer","null"]},
                        "curve":{"description":"a curve","anyOf":[
                        {"type":"object","properties":{"type":{"type":"string","const":"Line"},
                        "points":{"type":"array","items":
                        {"type":"object","description":"a point of the plane","properties":{
                        "x":{"type":"integer"},"y":{"type":"integer"}},
                        "required":["x","y"],"additionalProperties":false}}},
                        "required":["type","points"],"additionalProperties":false},{"type":"null"}]},
                        "holes":{"type":"array","items":{"type":["string","null"]}},
                        "unit":{"description":"maybe a unit","anyOf":[
                        {"type":"string","enum":["CELSIUS","FAHRENHEIT"]},{"type":"null"}]},
                        "nested":{"anyOf":[{"type":"object","properties":{"power":{"type":"integer"}},
                        "required":["power"],"additionalProperties":false},{"type":"null"}]}},
                        "required":["text","number","curve","holes","unit","nested"],"additionalProperties":false}"""));
    }

    private static Stream<Arguments> collections() {
        return Stream.of(
                arguments(TypedZoo.Lists.class, true, """
                        {"type":"object","properties":{
                        "texts":{"type":"array","items":{"type":"string"}},
                        "numbers":{"type":"array","items":{"type":"integer"}},
                        "dates":{"type":"array","items":{"type":"array","items":{"type":"string","format":"date"}}}},
                        "required":["texts","numbers","dates"],"additionalProperties":false}"""),
                arguments(TypedZoo.Lists.class, false, """
                        {"type":"object","properties":{
                        "texts":{"type":"array","items":{"type":"string"}},
                        "numbers":{"type":"array","items":{"type":"integer"},"uniqueItems":true},
                        "dates":{"type":"array","items":{"type":"array","items":{"type":"string","format":"date"}}}},
                        "required":["texts","numbers","dates"],"additionalProperties":false}"""),
                arguments(TypedZoo.Headers.class, false, """
                        {"type":"object","properties":{
                        "headers":{"type":"object","additionalProperties":{"type":"string"}},
                        "counts":{"type":"object","description":"how often",
                        "additionalProperties":{"type":"array","items":{"type":"integer"}}},
                        "note":{"type":"string"}},
                        "required":["headers","counts"],"additionalProperties":false}"""));
    }

    private static Stream<Arguments> descriptions() {
        return Stream.of(arguments(TypedZoo.Forecast.class, true, """
                        {"type":"object","description":"Asks for a forecast.","properties":{
                        "city":{"type":"string","description":"a city, in \\"English\\", as Zürich"},
                        "days":{"type":"integer","description":"at most 7"},
                        "unit":{"description":"celsius if null","anyOf":[
                        {"type":"string","enum":["CELSIUS","FAHRENHEIT"]},{"type":"null"}]},
                        "near":{"type":"object","description":"a point of the plane","properties":{
                        "x":{"type":"integer"},"y":{"type":"integer"}},
                        "required":["x","y"],"additionalProperties":false},
                        "far":{"type":"object","description":"where it is sunny","properties":{
                        "x":{"type":"integer"},"y":{"type":"integer"}},
                        "required":["x","y"],"additionalProperties":false}},
                        "required":["city","days","unit","near","far"],"additionalProperties":false}"""));
    }

    private static Stream<Arguments> sealedInterfaces() {
        return Stream.of(arguments(TypedZoo.Drawing.class, true, """
                        {"type":"object","properties":{
                        "front":{"description":"a figure","anyOf":[
                        {"type":"object","properties":{"type":{"type":"string","const":"Square"},
                        "side":{"type":"number"}},"required":["type","side"],"additionalProperties":false},
                        {"type":"object","description":"round","properties":{"type":{"type":"string","const":"Circle"},
                        "radius":{"type":"number"}},"required":["type","radius"],"additionalProperties":false},
                        {"type":"object","properties":{"type":{"type":"string","const":"Line"},
                        "points":{"type":"array","items":
                        {"type":"object","description":"a point of the plane","properties":{
                        "x":{"type":"integer"},"y":{"type":"integer"}},
                        "required":["x","y"],"additionalProperties":false}}},
                        "required":["type","points"],"additionalProperties":false}]},
                        "curves":{"type":"array","items":{"description":"a curve","anyOf":[
                        {"type":"object","properties":{"type":{"type":"string","const":"Line"},
                        "points":{"type":"array","items":
                        {"type":"object","description":"a point of the plane","properties":{
                        "x":{"type":"integer"},"y":{"type":"integer"}},
                        "required":["x","y"],"additionalProperties":false}}},
                        "required":["type","points"],"additionalProperties":false}]}},
                        "hole":{"type":"object","description":"not a choice","properties":{
                        "radius":{"type":"number"}},"required":["radius"],"additionalProperties":false}},
                        "required":["front","curves","hole"],"additionalProperties":false}"""));
    }

    private static Stream<Arguments> recursion() {
        return Stream.of(arguments(TypedZoo.Node.class, true, """
                        {"type":"object","properties":{
                        "name":{"type":"string"},
                        "next":{"anyOf":[{"$ref":"#"},{"type":"null"}]},
                        "children":{"type":"array","description":"below it","items":{"$ref":"#"}}},
                        "required":["name","next","children"],"additionalProperties":false}"""), arguments(TypedZoo.Formula.class, true, """
                        {"type":"object","properties":{
                        "term":{"$ref":"#/$defs/Term"},
                        "otherwise":{"anyOf":[{"$ref":"#/$defs/Term"},{"type":"null"}]}},
                        "required":["term","otherwise"],"additionalProperties":false,
                        "$defs":{"Term":{"anyOf":[
                        {"type":"object","properties":{"type":{"type":"string","const":"Add"},
                        "left":{"$ref":"#/$defs/Term"},
                        "right":{"description":"the right side","anyOf":[{"$ref":"#/$defs/Term"}]}},
                        "required":["type","left","right"],"additionalProperties":false},
                        {"type":"object","properties":{"type":{"type":"string","const":"Value"},
                        "number":{"type":"integer"}},
                        "required":["type","number"],"additionalProperties":false}]}}}"""));
    }

    private static Stream<Arguments> mutualRecursion() {
        return Stream.of(arguments(TypedZoo.Family.class, true, """
                        {"type":"object","properties":{
                        "head":{"$ref":"#/$defs/Parent"},
                        "youngest":{"$ref":"#/$defs/Child"}},
                        "required":["head","youngest"],"additionalProperties":false,
                        "$defs":{
                        "Child":{"type":"object","properties":{
                        "name":{"type":"string"},
                        "parent":{"anyOf":[{"$ref":"#/$defs/Parent"},{"type":"null"}]},
                        "siblings":{"type":"array","items":{"$ref":"#/$defs/Child"}}},
                        "required":["name","parent","siblings"],"additionalProperties":false},
                        "Parent":{"type":"object","properties":{
                        "name":{"type":"string"},
                        "children":{"type":"array","items":{"$ref":"#/$defs/Child"}}},
                        "required":["name","children"],"additionalProperties":false}}}"""), arguments(TypedZoo.Fleet.class, true, """
                        {"type":"object","properties":{
                        "ship":{"type":"object","properties":{"engine":
                        {"type":"object","properties":{"power":{"type":"integer"}},
                        "required":["power"],"additionalProperties":false}},
                        "required":["engine"],"additionalProperties":false},
                        "car":{"type":"object","properties":{"engine":{"$ref":"#/$defs/Engine"}},
                        "required":["engine"],"additionalProperties":false},
                        "plane":{"type":"object","properties":{"engine":{"$ref":"#/$defs/Engine2"}},
                        "required":["engine"],"additionalProperties":false}},
                        "required":["ship","car","plane"],"additionalProperties":false,
                        "$defs":{
                        "Engine":{"type":"object","properties":{
                        "spare":{"anyOf":[{"$ref":"#/$defs/Engine"},{"type":"null"}]}},
                        "required":["spare"],"additionalProperties":false},
                        "Engine2":{"type":"object","properties":{
                        "spares":{"type":"array","items":{"$ref":"#/$defs/Engine2"}}},
                        "required":["spares"],"additionalProperties":false}}}"""));
    }
}
