package org.hazel.app

import java.io.File
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import org.hazel.bridge.Wallet
import org.hazel.bridge.checkWords

/** Brings a wallet back: the words on paper, and the file of the backup. */
class RestoreScreen(hall: Hall) : Screen(hall) {
    private var words = ""

    override fun compose() = Sheet(Text("restore"), listOf(
        Note(Text("restore_about")),
        Field("words", Text("your_words"), words, Kind.WORDS) { words = it; draw() },
        Button(Text("choose_backup"), isMain = true, isOn = words.isNotBlank(), does = trying(::restore)),
    ))

    private suspend fun restore() {
        checkWords(words.trim())
        val backup = hall.phone.pick() ?: return
        hall.enter(withContext(Dispatchers.IO) {
            // A file whose key is lost is in the way; it is put aside, never thrown away.
            File(hall.file).takeIf(File::exists)?.let { aside(it) }
            Wallet.restore(hall.file, hall.keys, words.trim(), backup, null)
        })
    }

    private fun aside(file: File) {
        for (ending in listOf("", "-wal", "-shm")) {
            File(file.path + ending).takeIf(File::exists)?.renameTo(File("${file.path}.lost-${hall.phone.seconds()}$ending"))
        }
    }
}
