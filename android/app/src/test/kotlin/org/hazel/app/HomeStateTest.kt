package org.hazel.app

import java.io.File
import java.nio.file.Path
import javax.xml.parsers.DocumentBuilderFactory
import org.hazel.bridge.Attention
import org.hazel.bridge.Home
import org.hazel.bridge.Position
import org.hazel.bridge.Side
import org.hazel.bridge.Stage
import org.hazel.bridge.TallyLine
import org.hazel.bridge.Terms
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class HomeStateTest {
    private val terms = Terms(100_000, 30u)

    private fun tally(id: String, partner: String, balance: Long, stage: Stage = Stage.OPEN) = TallyLine(
        id, partner, Side.STOCK, stage, balance, balance, 0, 0, terms, terms, 1uL, "", 1uL, 1uL, 0uL, false, null,
    )

    private fun home(tallies: List<TallyLine>, attention: List<Attention> = emptyList(), net: Long = tallies.sumOf { it.balance }) =
        Home("Ana", 1u, true, Position(0, 0, net, 0, 1uL), tallies, attention)

    @Test
    fun `who owes stands in words, never in a sign`() {
        val state = homeState(home(listOf(tally("1", "Ben", -12_500), tally("2", "Ben", 0))))
        assertEquals("12.50" to Text("you_owe"), state.net to state.direction)
        assertEquals("12.50", state.pending)
        assertEquals(listOf(Text("you_owe"), Text("even")), state.tallies.map { it.direction })
        assertNull(state.tallies[0].note)
    }

    @Test
    fun `what waits names the partner, and closed tallies are out of the way`() {
        val waits = listOf(Attention.Asked("1", "i"), Attention.Rehearse)
        val state = homeState(home(listOf(tally("1", "Ben", 5), tally("2", "Ben", 0, Stage.CLOSED)), waits))
        assertEquals(listOf(Text("waiting_asked", "Ben"), Text("waiting_rehearse")), state.waiting.map { it.text })
        assertEquals(listOf("1"), state.tallies.map { it.id })
    }

    @Test
    fun `every text is there in each language, with the same words in it`() {
        val all = listOf("values", "values-es", "values-de").associateWith(::texts)
        val english = all.getValue("values")
        for ((language, texts) in all) {
            assertEquals(english.keys, texts.keys, language)
            for ((name, text) in texts) assertEquals("%1\$s" in english.getValue(name), "%1\$s" in text, "$language $name")
        }
        val stages = Stage.entries.filter { it != Stage.OPEN && it != Stage.CLOSED }.map { "hazel_stage_" + it.name.lowercase() }
        assertTrue(english.keys.containsAll(stages), "${stages - english.keys}")
    }

    private fun texts(folder: String): Map<String, String> {
        val file = Path.of("src/main/res", folder, "strings.xml").toFile().takeIf(File::exists) ?: File("app/src/main/res/$folder/strings.xml")
        val nodes = DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(file).getElementsByTagName("string")
        return (0 until nodes.length).associate { nodes.item(it).run { attributes.getNamedItem("name").nodeValue to textContent } }
    }
}
