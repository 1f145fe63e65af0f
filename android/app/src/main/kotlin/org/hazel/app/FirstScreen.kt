package org.hazel.app

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import org.hazel.bridge.Wallet
import org.hazel.bridge.newWords

/** The first start: a name, the words shown, the words typed back. Only then is there a wallet. */
class FirstScreen(hall: Hall) : Screen(hall) {
    private enum class Step { NAME, WORDS, BACK }

    private var step = Step.NAME
    private var name = ""
    private var words = ""
    private var back = ""

    override fun compose() = Sheet(Text("first"), when (step) {
        Step.NAME -> listOf(
            Note(Text("first_about")),
            Field("name", Text("your_name"), name) { name = it; draw() },
            Button(Text("go_ahead"), isMain = true, isOn = name.isNotBlank(), does = trying(::show)),
            Button(Text("restore")) { hall.go(RestoreScreen(hall)) },
            Button(Text("join")) { hall.go(JoinScreen(hall)) },
        )
        Step.WORDS -> buildList {
            add(Note(Text("words_about"), warns = true))
            words.split(' ').forEachIndexed { at, word -> add(Line(Plain("${at + 1}. $word"))) }
            add(Button(Text("words_written"), isMain = true, does = { step = Step.BACK; draw() }))
        }
        Step.BACK -> listOf(
            Note(Text("words_back_about")),
            Field("words", Text("your_words"), back, Kind.WORDS) { back = it; draw() },
            Button(Text("make_wallet"), isMain = true, isOn = back.isNotBlank(), does = trying(::make)),
            Button(Text("words_again"), does = { step = Step.WORDS; back = ""; draw() }),
        )
    })

    private fun show() {
        if (words.isEmpty()) words = newWords()
        step = Step.WORDS
    }

    private suspend fun make() {
        wrongWord(words, back)?.let { return refuse(Text("words_differ", it.toString())) }
        val made = withContext(Dispatchers.IO) { Wallet.create(hall.file, hall.keys, name.trim(), words, null) }
        words = ""
        back = ""
        hall.enter(made)
    }
}

/** The number of the first word that is not as it was shown; none if all are. */
internal fun wrongWord(shown: String, typed: String): Int? {
    val (right, said) = shown.split(' ') to typed.trim().lowercase().split(Regex("\\s+"))
    return (1..maxOf(right.size, said.size)).firstOrNull { right.getOrNull(it - 1) != said.getOrNull(it - 1) }
}
