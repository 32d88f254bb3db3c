// What can be done to a key from its row and its page.
import { type InfiniteData, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, unwrap } from "@/api/client";
import type { Key, KeyPatch, Page } from "@/api/contract";
import { useHere } from "@/app/session";
import { notify, notifyProblem } from "@/ui/notice";

// On and off at once; a refusal puts the switch back and says why.
export function useToggle() {
  const { workspace } = useHere();
  const client = useQueryClient();
  return useMutation({
    // One after the other, so that the last press is the last to be heard.
    scope: { id: "toggle" },
    mutationFn: ({ key, enabled }: { key: Key; enabled: boolean }) =>
      unwrap(api.PATCH("/admin/v1/keys/{id}", { params: { path: { id: key.id }, query: { workspace } }, body: { enabled } })),
    onMutate: async ({ key, enabled }) => {
      await client.cancelQueries({ queryKey: ["keys", workspace] });
      const before = client.getQueriesData({ queryKey: ["keys", workspace] });
      const turned = (one: Key): Key => (one.id === key.id ? { ...one, enabled, status: enabled ? "active" : "disabled" } : one);
      client.setQueriesData<InfiniteData<Page<Key>>>({ queryKey: ["keys", workspace, "list"] }, (list) =>
        list ? { ...list, pages: list.pages.map((page) => ({ ...page, data: page.data.map(turned) })) } : list,
      );
      client.setQueryData<Key>(["keys", workspace, "one", key.id], (one) => (one ? turned(one) : one));
      return { before };
    },
    onError: (error, _, context) => {
      for (const [name, data] of context?.before ?? []) client.setQueryData(name, data);
      notifyProblem(error);
    },
    onSettled: () => client.invalidateQueries({ queryKey: ["keys", workspace] }),
  });
}

// What was saved is so at once; the lists that it stands in are read anew meanwhile.
export function useUpdate(key: Key, onSaved: () => void) {
  const { workspace } = useHere();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: KeyPatch) =>
      unwrap(api.PATCH("/admin/v1/keys/{id}", { params: { path: { id: key.id }, query: { workspace } }, body })),
    onSuccess: (changed) => {
      client.setQueryData(["keys", workspace, "one", key.id], changed);
      onSaved();
      notify(<><bdi>{changed.name}</bdi> is changed.</>);
      void client.invalidateQueries({ queryKey: ["keys", workspace] });
    },
  });
}
